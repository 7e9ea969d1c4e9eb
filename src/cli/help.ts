const exitStatuses = `Exit statuses:
  0    the daemon stopped because it was told to
  1    forkd gave up: the zygote crashed again and again
  100  a mistake in the command, an option or the module
  101  a bug in forkd; please report it
  111  the system refused something, such as an address that is in use
`;

/** What `forkd --help` says below the commands. */
export const programNotes = `
A daemon is a module whose default export says how to serve one connection:

  import { defineDaemon } from "forkd";

  export default defineDaemon({
    async serve(connection) {
      await connection.write("Hello\\r\\n");
    },
  });

Examples:
  forkd run greeter.ts          in the foreground
  forkd start greeter.ts        in the background
  forkd status                  what it does
  forkd reload                  with its code and options as they are now
  forkd stop                    after its connections
  forkd run --help              all options, with their defaults

${exitStatuses}`;

/** What `forkd run --help` says below the options. */
export const runNotes = `
The module and a variable can set each of these options too, but --ready-fd
and --runtime-dir.
Flags beat variables, which beat the module, which beats the defaults.

Durations:
  500ms  10s  5m  1h  1d

Addresses:
  127.0.0.1:1234    one IPv4 address; localhost is 127.0.0.1
  [::1]:1234        one IPv6 address
  [::]:1234         all interfaces, IPv6 only
  :1234             all interfaces, IPv4 and IPv6
  127.0.0.1:0       a port that the kernel chooses
  unix:/run/x.sock  a Unix socket

Signals:
  TERM, INT  finish the connections within --drain-timeout, then exit;
             a second time: stop at once
  QUIT       stop at once
  HUP        reload the module and its options
  USR1       open the --log-file anew, after it was renamed
  USR2       write a status report into the log

Examples:
  forkd run greeter.ts
  forkd run greeter.ts --listen :1234 --listen unix:/run/greeter.sock
  forkd run greeter.ts --connections-per-worker 100 --idle-timeout 10s
  FORKD_LOG_FORMAT=json forkd run greeter.ts

${exitStatuses}`;

/** What `forkd start --help` says below the options. */
export const startNotes = `
The options are those of forkd run, whose help says more of them.

Examples:
  forkd start greeter.ts --listen :1234
  forkd status greeter
  forkd logs greeter -f
  forkd stop greeter

${exitStatuses}`;
