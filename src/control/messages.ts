import type { Settings } from "../config/settings.ts";

/**
 * All that supervisor and zygote say to each other: lines of JSON over a pair of Unix sockets, descriptors attached.
 *
 *   zygote                       supervisor
 *                          ←     load            the module; descriptor: of a pipe with its TypeScript, stripped, if that is what it is in
 *   loaded (options)       →                     the module is there, and wants to be run so
 *   failed (error)         →                     or it is not; the zygote exits
 *                          ←     serve           settings in force; descriptors: the scoreboard, the registry, the listeners
 *   unforkable (reason)    →                     or it is, but fork(2) does not work here; the zygote exits
 *   trying                 →                     a worker on trial gets ready; told where one is wanted
 *   prepared               →                     all is done that comes before the first fork
 *                          ←     fork            nobody else does
 *   ready                  →                     spares are forked
 *   crashed                →                     a worker has; told of the first one only
 *                          ←     retire          leave your workers to me
 *                          ←     drain           no more connections; let those under way finish
 */
export type FromZygote =
  | { readonly type: "loaded"; readonly options: Readonly<Record<string, unknown>> }
  | { readonly type: "failed"; readonly error: Failure }
  | { readonly type: "unforkable"; readonly reason: string }
  | { readonly type: "trying" }
  | { readonly type: "prepared" }
  | { readonly type: "ready" }
  | { readonly type: "crashed" };

export type ToZygote =
  | { readonly type: "load"; readonly modulePath: string }
  | {
      readonly type: "serve";
      readonly settings: Settings;
      readonly generation: number;
      readonly engine: Engine;
      /** Whether it is not known yet that fork(2) works here. */
      readonly isUntried: boolean;
      /** Whether a worker is to be tried first: not where nobody forks until this zygote does. */
      readonly trial: boolean;
    }
  | { readonly type: "fork" }
  | { readonly type: "retire" }
  | { readonly type: "drain" };

/** How workers come to be: `settings.engine`, once it is decided. */
export type Engine = "fork" | "spawn";

/** An error on its way to another process. */
export interface Failure {
  readonly code: string;
  readonly message: string;
  /** The stack of the user's own error, where there is one. */
  readonly stack?: string;
}

export const encode = (message: FromZygote | ToZygote): Buffer => Buffer.from(`${JSON.stringify(message)}\n`);
