# A process per connection as Perl does it: Net::Server::Fork.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use parent qw(NetServerUppercase Net::Server::Fork);

# Its default of 256 servers would refuse those that the benchmark holds open.
__PACKAGE__->run(host => '127.0.0.1', port => 0, ipv => 4, listen => 511, log_level => 0, max_servers => 4096);
