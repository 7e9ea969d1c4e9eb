# The job of every contestant, for Net::Server, which makes the connection STDIN and STDOUT.
package NetServerUppercase;

use strict;
use warnings;

# The address goes to the stdout that the benchmark reads, before Net::Server has any use for it.
sub post_bind_hook {
    my ($self) = @_;
    my $port = $self->{server}{sock}[0]->sockport;
    STDOUT->autoflush(1);
    print "127.0.0.1:$port\n";
}

sub process_request {
    while (my $line = <STDIN>) {
        $line =~ s/\r?\n\z//;
        my $text = uc $line;
        last if $text eq 'QUIT';
        print "$text\r\n";
    }
}

1;
