/**
 * Whether the event loop runs empty within that time: whether nothing is left that would keep a plain Node from ending.
 * Node itself says so, by `beforeExit`; that is meant for forkd here, not for the listeners of user code.
 */
export function loopRunsEmpty(patience: number): Promise<boolean> {
  return new Promise((resolve) => {
    const answer = (isEmpty: boolean): void => {
      clearTimeout(timer);
      letThrough();
      setImmediate(resolve, isEmpty); // the loop goes on
    };
    const timer = setTimeout(answer, patience, false).unref();
    const letThrough = intercept("beforeExit", () => answer(true));
  });
}

/** Events of that name go to `listener` alone, until what this returns is called. */
function intercept(name: string, listener: () => void): () => void {
  // oxlint-disable-next-line typescript/unbound-method -- it is put back, or called with its process
  const { emit } = process;
  const isOwn = Object.hasOwn(process, "emit");
  process.emit = ((event: string, ...parameters: unknown[]): unknown =>
    event === name ? listener() : Reflect.apply(emit, process, [event, ...parameters])) as typeof emit;
  return () => {
    if (isOwn) process.emit = emit;
    else Reflect.deleteProperty(process, "emit");
  };
}
