<?php
/* What the other scripts begin with: WordPress, in the hands of its administrator, who gets no mail. */
function wp_mail(): bool
{
    return true;
}

require getenv('WORDPRESS_FOLDER') . '/wp-load.php';

function answer(mixed $said): void
{
    echo json_encode($said, JSON_THROW_ON_ERROR | JSON_UNESCAPED_UNICODE | JSON_UNESCAPED_SLASHES);
}

function must(mixed $made): mixed
{
    if (!$made || is_wp_error($made)) {
        throw new RuntimeException(is_wp_error($made) ? $made->get_error_message() : 'refused');
    }
    return $made;
}

/** Adds a comment in the past; ids are true to the order in which they are added. */
function comment(int $post, string $author, string $text, int $parent = 0, array $more = []): int
{
    static $minutes = 0;
    $date = gmdate('Y-m-d H:i:s', strtotime('2021-01-01 00:00:00') + 60 * 37 * ++$minutes);
    return must(wp_insert_comment($more + [
        'comment_post_ID' => $post,
        'comment_author' => $author,
        'comment_author_email' => strtolower(strtok($author, ' ')) . '@reader.example',
        'comment_content' => $text,
        'comment_parent' => $parent,
        'comment_approved' => 1,
        'comment_date' => $date,
        'comment_date_gmt' => $date,
        'comment_type' => 'comment',
    ]));
}
