import { AsyncLocalStorage } from 'node:async_hooks';
import type { ScatterCallOptions } from '../options';
import type { Position } from '../routing';

/** What a context says, checked and resolved. */
export interface ActiveContext {
  /** Where the context's key stands, and the group of entities whose calls go to its shard. */
  readonly pin?: { readonly group: string; readonly position: Position };
  readonly limits?: ScatterCallOptions;
}

/** The contexts that calls of one cluster run in. Other clusters have their own, so that none sees another's. */
export class CallContexts {
  // Made when it is first needed, so that clusters without contexts pay nothing for it.
  #storage: AsyncLocalStorage<ActiveContext> | undefined;

  /** The context of the code that is running; undefined outside of any. */
  get current(): ActiveContext | undefined {
    return this.#storage?.getStore();
  }

  /** Runs work, and everything asynchronous that it begins, in a context. */
  run<T>(context: ActiveContext, work: () => T): T {
    this.#storage ??= new AsyncLocalStorage();
    return this.#storage.run(context, work);
  }
}
