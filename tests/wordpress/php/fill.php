<?php
/*
 * Fills the site, and prints as JSON what is there: `posts`, each with
 *   id, url, title, published_at, tags, categories, paragraphs, what, is_open (to comments), comments;
 * each comment with id, parent (null at the top), author, text, kind. `unseen` are texts that no visitor is shown.
 *
 * what: publish, sticky, rated (its last paragraph is a rating), pages (several, by <!--nextpage-->), password, trash,
 * draft, page.
 */
require __DIR__ . '/start.php';
wp_set_current_user(1);
mt_srand(6);

const SUBJECTS = ['The lighthouse keeper', 'A retired cellist', 'The younger sister', 'Nobody in the village', 'The camera',
    'The second act', 'Her brother', 'The narrator', 'The score', 'The translator', 'This adaptation', 'The final chapter'];
const VERBS = ['refuses to explain', 'remembers', 'circles back to', 'slowly takes apart', 'looks away from', 'forgives',
    'cannot let go of', 'makes a joke of', 'listens to', 'leaves behind', 'counts on', 'almost ruins'];
const OBJECTS = ['the winter of the flood', 'an unpaid debt', 'the house on the quay', 'what was said at the wedding',
    'the letters in the piano', 'a promise nobody heard', 'the empty cinema', 'its own cleverness', 'the long silence after dinner',
    'the quarrel over the orchard', 'an old photograph', 'the last train north'];
const ENDINGS = ['and that is where the story finds its feet', 'though the pacing suffers for it', 'which is braver than it sounds',
    'and I was moved in spite of myself', 'while the rain does most of the work', 'as if there were all the time in the world',
    'and the cast never puts a foot wrong', 'but the joke wears thin by the hour mark', 'and no one around me stirred',
    'until the lights come up'];
const FIRST = ['Lantern', 'Harbour', 'Glass', 'Winter', 'Paper', 'Silent', 'Copper', 'Salt', 'Hollow', 'Borrowed', 'Crooked', 'Distant'];
const SECOND = ['Room', 'Orchard', 'Letters', 'Station', 'Sisters', 'Garden', 'Bridge', 'Choir', 'Weather', 'Inheritance', 'Mirror'];
const READERS = ['Ada Holm', 'Bruno Okafor', 'Chiara Lund', 'Dmitri Vale', 'Esme Tanaka', 'Farid Noor', 'Greta Sands', 'Hugo Reyes',
    'Ines Marlow', 'Jonas Petit'];
const OPINIONS = ['I saw it on a wet Tuesday and thought', 'My book club read this and agreed', 'For what it is worth, I felt',
    'Having grown up near there, I can say', 'Second viewing, and I still hold', 'With respect, I cannot agree, because', 'Thank you;'];
const TAGS = ['Slow cinema', 'Debut', 'Family', 'Adaptation', 'Café culture', 'Noir & crime', 'Seaside', 'Translation', 'Ghosts', 'Stage to screen'];
const CATEGORIES = ['Film reviews', 'Book reviews', 'Theatre reviews', 'Reviews of festivals & fairs'];
const POSTS = 66;

function one(array $of): string
{
    return $of[mt_rand(0, count($of) - 1)];
}

function sentence(): string
{
    return one(SUBJECTS) . ' ' . one(VERBS) . ' ' . one(OBJECTS) . ', ' . one(ENDINGS) . '.';
}

function paragraphs(int $many): array
{
    $made = [];
    for ($i = 0; $i < $many; $i++) {
        $made[] = implode(' ', array_map(fn () => sentence(), range(1, mt_rand(3, 6))));
    }
    return $made;
}

function some(array $of, int $many): array
{
    shuffle($of);
    $chosen = array_slice($of, 0, $many);
    sort($chosen);
    return $chosen;
}

/** The category's id. */
function category(string $name): int
{
    $known = term_exists($name, 'category');
    return (int) ($known ?: must(wp_insert_term($name, 'category')))['term_id'];
}

/** What a visitor is told of one post, with what it shall be. */
function post(int $number, string $what, array $paragraphs, array $more = []): array
{
    $name = FIRST[$number % count(FIRST)] . ' ' . SECOND[$number % count(SECOND)];
    $title = $number % 2 ? "Review: The $name" : "The $name";
    $date = gmdate('Y-m-d H:i:s', strtotime('2012-02-03 09:15:00') + $number * 86400 * 41);
    $tags = some(TAGS, 1 + $number % 4);
    $categories = some(CATEGORIES, $number % 7 ? 1 : 2);
    $id = must(wp_insert_post($more + [
        'post_type' => 'post',
        'post_status' => 'publish',
        'post_title' => $title,
        'post_content' => implode("\n\n", $paragraphs),
        'post_date' => $date,
        'post_date_gmt' => $date,
        'post_author' => 1,
        'comment_status' => 'open',
        'ping_status' => 'open',
        'tags_input' => $tags,
        'post_category' => array_map('category', $categories),
    ], true));
    return [
        'id' => $id,
        'url' => get_permalink($id),
        'title' => $more['post_title'] ?? $title,
        'published_at' => str_replace(' ', 'T', $date) . 'Z',
        'tags' => $what === 'page' ? [] : $tags,
        'categories' => $what === 'page' ? [] : $categories,
        'paragraphs' => array_values(array_filter($paragraphs, fn ($one) => $one !== '<!--nextpage-->')),
        'what' => $what,
        'is_open' => ($more['comment_status'] ?? 'open') === 'open',
        'comments' => [],
    ];
}

/** Adds a comment, to the post and to what is told of it. */
function say(array &$post, ?int $parent = null, array $more = []): int
{
    $author = $more['comment_author'] ?? one(READERS);
    $text = $more['comment_content'] ?? one(OPINIONS) . ' ' . lcfirst(sentence());
    $id = comment($post['id'], $author, $text, $parent ?? 0, $more);
    $kind = $more['comment_type'] ?? 'comment';
    $shown = $kind === 'pingback' ? "Pingback: $author" : $text; // as themes print it
    $post['comments'][] = ['id' => $id, 'parent' => $parent, 'author' => $author, 'text' => $shown, 'kind' => $kind];
    return $id;
}

/** 24 at the top, three pages of ten; below them chains, one of which is deeper than the theme shows. */
function thread(array &$post): void
{
    $tops = [];
    for ($i = 0; $i < 24; $i++) {
        $tops[] = say($post);
    }
    foreach ([0 => 5, 3 => 4, 9 => 3, 10 => 4, 17 => 2, 21 => 3, 23 => 2] as $top => $deep) {
        $parent = $tops[$top];
        for ($i = 0; $i < $deep; $i++) {
            $parent = say($post, $parent);
        }
        say($post, $tops[$top]);
    }
    say($post, null, [
        'comment_type' => 'pingback',
        'comment_author' => 'The Glass Orchard – an answer',
        'comment_author_url' => 'http://orchard.example/an-answer/',
        'comment_content' => '[…] as the Glass Projector said of it, and I would add a word […]',
    ]);
}

$unseen = [];
function never(string $text): string
{
    global $unseen;
    return $unseen[] = $text;
}

$posts = [];
for ($number = 1; $number <= POSTS; $number++) {
    $posts[] = match ($number) {
        4 => post(4, 'sticky', paragraphs(4)),
        5, 6 => post($number, 'publish', paragraphs(3), ['comment_status' => 'closed']),
        8 => post(8, 'password', [never('The password is known to the projectionist alone.')], ['post_password' => 'reel']),
        10 => post(10, 'trash', [never('This review was withdrawn by its author.')]),
        12 => post(12, 'pages', [...paragraphs(4), '<!--nextpage-->', ...paragraphs(4), '<!--nextpage-->', ...paragraphs(3)]),
        13 => post(13, 'rated', [...paragraphs(3), 'Rating: 4/5']),
        14 => post(14, 'publish', paragraphs(40)),
        20 => post(20, 'draft', [never('This review is not done yet.')], ['post_status' => 'draft']),
        21 => post(21, 'page', paragraphs(2), ['post_type' => 'page', 'post_title' => 'About the projector', 'comment_status' => 'closed']),
        default => post($number, 'publish', paragraphs($number % 10 === 0 ? 14 : mt_rand(2, 6))),
    };
}

foreach ($posts as $at => &$post) {
    $number = $at + 1;
    if ($number === 7) {
        thread($post);
        comment($post['id'], 'Waiting Reader', never('A comment that waits for the moderator.'), 0, ['comment_approved' => 0]);
        comment($post['id'], 'Cheap Watches', never('A comment that the filter caught.'), 0, ['comment_approved' => 'spam']);
    } elseif ($number === 6 || ($number % 3 === 0 && $post['what'] === 'publish' && $post['is_open'])) {
        $top = say($post);
        if ($number % 2) {
            say($post, say($post, $top));
            say($post);
        }
    } elseif ($post['what'] === 'password') {
        comment($post['id'], 'Hidden Reader', never('A comment behind the password.'));
    }
}
unset($post);

/* Linked from the post after it, then taken away. */
$gone = $posts[9];
$linking = &$posts[10];
$linking['paragraphs'][] = 'We wrote of it once before.';
$linked = [...array_slice($linking['paragraphs'], 0, -1), "We wrote of it <a href=\"{$gone['url']}\">once before</a>."];
must($wpdb->update($wpdb->posts, ['post_content' => implode("\n\n", $linked)], ['ID' => $linking['id']]));
must(wp_trash_post($gone['id']));
stick_post($posts[3]['id']);

answer(['posts' => $posts, 'unseen' => $unseen]);
