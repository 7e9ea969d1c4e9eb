# A process per connection, forked ahead, as Perl does it: Net::Server::PreFork, each server for one request.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use parent qw(NetServerUppercase Net::Server::PreFork);

# Its default of 50 servers would refuse those that the benchmark holds open.
__PACKAGE__->run(
    host         => '127.0.0.1',
    port         => 0,
    ipv          => 4,
    listen       => 511,
    log_level    => 0,
    max_requests => 1,
    max_servers  => 4096,
);
