<?php
/* What an editor does between two visits: `edit POST TEXT`, `trash POST`, `delete COMMENT`, `add POST PARENT AUTHOR TEXT`. */
require __DIR__ . '/start.php';
wp_set_current_user(1);

[, $what, $id] = $argv;
answer(match ($what) {
    'edit' => must(wp_update_post(['ID' => (int) $id, 'post_content' => $argv[3]], true)),
    'trash' => must(wp_trash_post((int) $id))->ID,
    'delete' => must(wp_delete_comment((int) $id, true)) ? (int) $id : 0,
    'add' => must(wp_insert_comment([
        'comment_post_ID' => (int) $id,
        'comment_parent' => (int) $argv[3],
        'comment_author' => $argv[4],
        'comment_author_email' => 'late@reader.example', // of one without, the picture's address is drawn by lot
        'comment_content' => $argv[5],
        'comment_approved' => 1,
    ])),
});
