/** What a kind of resource is called, and what its owner should do about it. */
export interface ResourceKind {
  readonly name: string;
  readonly advice: string;
}

export const openAfterFork = "open it in afterFork, once for each worker";
export const startAfterFork = "start it in afterFork";
export const threadAdvice = 'run it with engine: "spawn", for threads do not exist in a forked process';
const wait = "wait for its end while the module loads, or begin it in afterFork";

const open = (name: string): ResourceKind => ({ name, advice: openAfterFork });
const start = (name: string): ResourceKind => ({ name, advice: startAfterFork });
const underWay = (name: string): ResourceKind => ({ name, advice: wait });

/** By the types that async hooks tell; a promise, a tick and what only goes with one of these is none. */
const kinds: Readonly<Record<string, ResourceKind>> = {
  TCPWRAP: open("a TCP socket"),
  TCPSERVERWRAP: open("a TCP server"),
  PIPEWRAP: open("a pipe or Unix socket"),
  PIPESERVERWRAP: open("a server on a Unix socket"),
  UDPWRAP: open("a UDP socket"),
  TTYWRAP: open("a terminal"),
  FILEHANDLE: open("a file"),
  FSEVENTWRAP: start("a watcher (fs.watch)"),
  STATWATCHER: start("a watcher (fs.watchFile)"),
  PROCESSWRAP: start("a child process"),
  Timeout: start("a timer"),
  Immediate: start("a callback of setImmediate"),
  MESSAGEPORT: start("a message port"),
  WORKER: { name: "a thread (new Worker)", advice: threadAdvice },
  FSREQCALLBACK: underWay("a file operation under way"),
  FSREQPROMISE: underWay("a file operation under way"),
  GETADDRINFOREQWRAP: underWay("a DNS look-up under way"),
  GETNAMEINFOREQWRAP: underWay("a DNS look-up under way"),
  QUERYWRAP: underWay("a DNS query under way"),
  TCPCONNECTWRAP: underWay("a connection being made"),
  PIPECONNECTWRAP: underWay("a connection being made"),
  PBKDF2REQUEST: underWay("a key being derived"),
  SCRYPTREQUEST: underWay("a key being derived"),
  KEYPAIRGENREQUEST: underWay("a pair of keys being generated"),
  RANDOMBYTESREQUEST: underWay("random bytes being drawn"),
  ZLIB: underWay("a compression under way"),
};

/** The file of a FileHandle may be open: that does not keep the event loop running, and may be harmless. */
export const isOnlyDescriptor = (type: string): boolean => type === "FILEHANDLE";

export const isKind = (type: string): boolean => Object.hasOwn(kinds, type);

export const kindOf = (type: string): ResourceKind => kinds[type] as ResourceKind;
