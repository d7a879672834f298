<?php
/* What Apache does by WordPress's .htaccess: files as they are, all else by index.php. */
$path = rawurldecode(parse_url($_SERVER['REQUEST_URI'], PHP_URL_PATH));
$found = realpath($_SERVER['DOCUMENT_ROOT'] . $path);
if ($path !== '/' && $found !== false && (is_file($found) || is_file("$found/index.php"))) {
    return false;
}
$_SERVER['SCRIPT_NAME'] = $_SERVER['PHP_SELF'] = '/index.php';
require $_SERVER['DOCUMENT_ROOT'] . '/index.php';
