/**
 * Every error that forkd raises, with the exit status that a command ends with because of it.
 *
 * The statuses are those of the s6 family: 100 for a mistake of the user's, 111 for a refusal of the system's,
 * 101 for a bug of forkd's own.
 */
export const errorCatalogue = {
  FORKD_E_USAGE: 100,
  FORKD_E_OPTION: 100,
  FORKD_E_MODULE_NOT_FOUND: 100,
  FORKD_E_MODULE_FAILED: 100,
  FORKD_E_MODULE_EXPORT: 100,
  FORKD_E_START_TIMEOUT: 100,
  FORKD_E_RUNNING: 100,
  FORKD_E_NOT_RUNNING: 100,
  FORKD_E_HUNG: 111,
  FORKD_E_STOPPING: 111,
  FORKD_E_CALLED_OFF: 100,
  FORKD_E_RESTART: 100,
  FORKD_E_UPGRADE: 100,
  FORKD_E_NO_CONNECTION: 100,
  FORKD_E_RUNTIME_DIR: 111,
  FORKD_E_LISTEN: 111,
  FORKD_E_LOG_FILE: 111,
  FORKD_E_SYSTEM: 111,
  FORKD_E_ZYGOTE: 111,
  FORKD_E_UNSAFE_FORK: 100,
  FORKD_E_LINE_TOO_LONG: 100,
  FORKD_E_IDLE_TIMEOUT: 111,
  FORKD_E_SESSION_TIMEOUT: 111,
  FORKD_E_CLIENT_GONE: 111,
  FORKD_E_DRAINING: 111,
  FORKD_E_WORKER_THREADS: 100,
  FORKD_E_BUG: 101,
} as const;

/** The name of an error of forkd's: stable, for programs to compare. */
export type ErrorCode = keyof typeof errorCatalogue;

/** An error of forkd's. `code` says which; `message` is a full sentence that says the way out. */
export class ForkdError extends Error {
  override readonly name = "ForkdError";
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }

  /** What a command that ends because of this error exits with: 100, 101 or 111. */
  get exitStatus(): 100 | 101 | 111 {
    return errorCatalogue[this.code];
  }
}
