import { native } from "../native.ts";

/** Node's own, which its C++ part looks up by that name: asks the listeners of user code, and answers if one has seen to it. */
type FatalException = (error: unknown, fromPromise: boolean) => boolean;

const node = process as unknown as { readonly _exiting: boolean; _fatalException: FatalException };

/** What Node ends with when a listener of `uncaughtException` throws. */
const statusOfThrowingListener = 7;

let record: (error: unknown) => void = () => undefined;
let isSet = false;

/**
 * Has this process end as any Node does when nobody catches an error, but at once: exit(3), by which Node would do it,
 * joins threads that a forked process does not have. What is recorded, and where, may be said anew.
 */
export function endAtUncaughtErrors(recordError: (error: unknown) => void): void {
  record = recordError;
  if (!isSet) replaceFatalException();
  isSet = true;
}

function replaceFatalException(): void {
  const askListeners = node._fatalException;
  node._fatalException = (error, fromPromise) => {
    try {
      if (askListeners.call(process, error, fromPromise)) return true;
    } catch (thrown) {
      record(thrown);
      native.exit(statusOfThrowingListener);
    }
    record(error);
    return native.exit(Number(process.exitCode ?? 1));
  };
}

/** Ends a process whose `exit` listeners have thrown: once they are called, Node puts off nothing, and no promise comes. */
export function endIfExiting(error: unknown): void {
  if (!node._exiting) return;
  node._fatalException(error, false);
  native.exit(Number(process.exitCode ?? 0));
}
