<?php
/* The site before its first post: tables, an administrator, and the options that the tests are about. */
define('WP_INSTALLING', true);
require __DIR__ . '/start.php';
require ABSPATH . 'wp-admin/includes/upgrade.php';

wp_install('The Glass Projector', 'editor', 'editor@projector.example', true, '', wp_generate_password());
wp_update_user(['ID' => 1, 'display_name' => 'Marta Quill']);
switch_theme('twentytwentyone');
$options = [
    'blogdescription' => 'Reviews of films, books and plays',
    'thread_comments' => 1,
    'thread_comments_depth' => 5,
    'page_comments' => 1,
    'comments_per_page' => 10,
    'default_comments_page' => 'newest',
    'comment_order' => 'asc',
    'close_comments_for_old_posts' => 0,
    'posts_per_page' => 10,
    'posts_per_rss' => 10,
];
foreach ($options as $name => $value) {
    update_option($name, $value);
}
foreach (get_posts(['post_type' => ['post', 'page'], 'post_status' => 'any', 'numberposts' => -1]) as $sample) {
    wp_delete_post($sample->ID, true);
}
global $wp_rewrite;
$wp_rewrite->set_permalink_structure('/%year%/%monthnum%/%postname%/');
flush_rewrite_rules(false);
answer(['version' => get_bloginfo('version')]);
