import { native } from "../native.ts";

/** Node's own, which its C++ part looks up by that name: asks the listeners of user code, and answers if one has seen to it. */
type FatalException = (error: unknown, fromPromise: boolean) => boolean;

const node = process as unknown as { readonly _exiting: boolean; _fatalException: FatalException };

/** What Node ends with when a listener of `uncaughtException` throws. */
const statusOfThrowingListener = 7;

let record: (error: unknown) => void = () => undefined;
let isSet = false;
/** The error that nobody seems to catch, as long as it is not recorded. */
let pending: { readonly error: unknown } | undefined;

/**
 * Has this process end as any Node does when nobody catches an error, but at once: exit(3), by which Node would do it,
 * joins threads that a forked process does not have. What is recorded, and where, may be said anew.
 */
export function endAtUncaughtErrors(recordError: (error: unknown) => void): void {
  record = recordError;
  if (!isSet) replaceFatalException();
  isSet = true;
}

/** Of an error that there is no use in asking user code about. */
export const recordUncaught = (error: unknown): void => record(error);

function replaceFatalException(): void {
  const askListeners = node._fatalException;
  node._fatalException = (error, fromPromise) => {
    pending = { error };
    try {
      if (askListeners.call(process, error, fromPromise)) return forget();
    } catch (thrown) {
      record(thrown);
      native.exit(statusOfThrowingListener);
    }
    recordPending();
    return native.exit(Number(process.exitCode ?? 1));
  };
}

function forget(): true {
  pending = undefined;
  return true;
}

/** Node calls `exit` listeners before it says that nobody has caught an error: they may keep the process from saying it. */
export function recordPending(): void {
  const unrecorded = pending;
  pending = undefined;
  if (unrecorded !== undefined) record(unrecorded.error);
}

/** Has `prepare` called whenever `exit` listeners are about to be: there is no other place that all ways to an exit pass. */
export function beforeExitListeners(prepare: () => void): void {
  const emit = process.emit.bind(process) as (name: string, ...args: unknown[]) => boolean;
  const value = (name: string, ...args: unknown[]): boolean => {
    if (name === "exit") prepare();
    return emit(name, ...args);
  };
  Object.defineProperty(process, "emit", { configurable: true, writable: true, enumerable: false, value });
}

/** Ends a process whose `exit` listeners have thrown: once they are called, Node puts off nothing, and no promise comes. */
export function endIfExiting(error: unknown): void {
  if (!node._exiting) return;
  node._fatalException(error, false);
  native.exit(Number(process.exitCode ?? 0));
}
