export {
  blocking,
  defineDaemon,
  type BlockingHandler,
  type Daemon,
  type DaemonOptions,
  type Limits,
  type RestartPolicy,
} from "./define-daemon.ts";
export { ForkdError, type ErrorCode } from "./errors.ts";
export type { Fields, Log } from "./log/record.ts";
export type { BlockingConnection } from "./worker/blocking-connection.ts";
export type { Connection, ConnectionIdentity, LinesOptions } from "./worker/connection.ts";
export type { Endpoint } from "./worker/endpoint.ts";
