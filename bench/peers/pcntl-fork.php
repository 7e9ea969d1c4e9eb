<?php
// A process per connection as PHP does it: pcntl_fork(). The kernel reaps, unless BENCH_REAP is set: what children have
// used that the kernel reaped is told nowhere.

$context = stream_context_create(['socket' => ['backlog' => 511]]);
$server = stream_socket_server('tcp://127.0.0.1:0', $code, $message, STREAM_SERVER_BIND | STREAM_SERVER_LISTEN, $context);
$reaps = getenv('BENCH_REAP') !== false;
if (!$reaps) {
    pcntl_signal(SIGCHLD, SIG_IGN);
}
echo stream_socket_get_name($server, false), "\n";

while (true) {
    $connection = stream_socket_accept($server, -1);
    if ($connection === false) {
        continue;
    }
    if (pcntl_fork() === 0) {
        fclose($server);
        while (($line = fgets($connection)) !== false) {
            $text = strtoupper(rtrim($line, "\r\n"));
            if ($text === 'QUIT') {
                break;
            }
            fwrite($connection, "$text\r\n");
        }
        exit(0);
    }
    fclose($connection);
    while ($reaps && pcntl_waitpid(-1, $status, WNOHANG) > 0);
}
