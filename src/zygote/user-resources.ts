import { createHook, executionAsyncId, type AsyncHook } from "node:async_hooks";
import { isKind } from "./resource-kinds.ts";

/** Something that user code has opened or begun, as Node's async hooks tell of it, and where. */
export interface UserResource {
  readonly type: string;
  /** Node's own object: a handle, a request, a timer. */
  readonly resource: object;
  readonly stack: string;
  /** In whose callback it was opened. */
  readonly cause: UserResource | undefined;
}

/** Of the frames between user code and the handle that a library like undici opens for it, most are the library's. */
const deepStack = 50;

/** Opens nothing itself, but a server that is to listen at an address is opened by one. */
const tick = "TickObject";

/**
 * Knows what user code opens while it loads, and what of that is still there in the end. It costs a stack for each
 * resource, so it is done with before there are workers.
 */
export class UserResources {
  readonly #known = new Map<number, UserResource>();
  readonly #hook: AsyncHook;

  constructor() {
    const callbacks = {
      init: (id: number, type: string, _trigger: number, resource: object): void => {
        if (!isKind(type) && type !== tick) return;
        this.#known.set(id, { type, resource, stack: stackHere(), cause: this.#known.get(executionAsyncId()) });
      },
      destroy: (id: number): void => void this.#known.delete(id),
      trackPromises: false, // from Node 24 on: promises, of which there are many, are no concern here
    };
    this.#hook = createHook(callbacks).enable();
  }

  get left(): UserResource[] {
    return [...this.#known.values()].filter(({ type }) => type !== tick);
  }

  forget(): void {
    this.#hook.disable();
    this.#known.clear();
  }
}

function stackHere(): string {
  const { stackTraceLimit } = Error;
  const here = { stack: "" };
  Error.stackTraceLimit = deepStack;
  Error.captureStackTrace(here, stackHere);
  Error.stackTraceLimit = stackTraceLimit;
  return here.stack;
}
