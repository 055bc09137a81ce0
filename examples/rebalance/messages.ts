import type { Addresses } from './cluster';

/** Layouts by key, as messages carry them. */
export type Entries = readonly (readonly [key: string, layout: readonly number[]])[];

/** What a writer's process is told. */
export type Order =
  | { readonly order: 'open'; readonly addresses: Addresses }
  /** To write these layouts, which no other process writes meanwhile, and new ones. */
  | { readonly order: 'write'; readonly entries: Entries }
  | { readonly order: 'stop' };

/** What a writer's process tells. */
export type Told =
  | { readonly told: 'open' }
  | { readonly told: 'writing'; readonly acknowledged: number }
  | { readonly told: 'stopped'; readonly written: Written };

/** What a process wrote. */
export interface Written {
  /** Its layouts as they were acknowledged last. */
  readonly entries: Entries;
  readonly acknowledged: number;
  readonly wrongReads: number;
  readonly slowestMs: number;
}
