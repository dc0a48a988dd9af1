# LemonLDAP::NG's handler for nginx, over HTTP instead of FastCGI, on a free port that it prints.
use strict;
use warnings;
use HTTP::Server::PSGI;
use IO::Socket::INET;
use Lemonldap::NG::Handler::Server::Nginx;

$| = 1;
my $handler = Lemonldap::NG::Handler::Server::Nginx->run({});
my $socket = IO::Socket::INET->new(Listen => 64, LocalAddr => '127.0.0.1', LocalPort => 0, Proto => 'tcp')
  or die "cannot listen: $!";
print $socket->sockport, "\n";
HTTP::Server::PSGI->new(listen_sock => $socket)->run(sub {
    my ($env) = @_;
    # What its nginx snippet says in a FastCGI parameter.
    $env->{X_ORIGINAL_URI} = $env->{REQUEST_URI} = $env->{HTTP_X_ORIGINAL_URI};
    return $handler->($env);
});
