/** What a test file has open and must stop itself. */
export interface SuiteResources {
  /** Name of the test file, in letters, digits and `_`; part of the names of its databases. */
  readonly name: string;

  /** By description, what ends each. */
  readonly open: Map<string, () => Promise<void>>;
}

const key = Symbol.for('typeorm-sharding.suite');
type Holder = { [key]?: SuiteResources };

/** Begins the account of a test file in its global object; called by the jest environment. */
export function beginSuite(holder: object, path: string): SuiteResources {
  const base = path
    .split(/[\\/]/)
    .at(-1)!
    .replace(/\.test\.ts$/, '');
  const suite: SuiteResources = { name: base.replace(/\W/g, '_').toLowerCase().slice(0, 30), open: new Map() };
  (holder as Holder)[key] = suite;
  return suite;
}

/** The account of the test file that runs, or one of the whole process outside jest. */
export function currentSuite(): SuiteResources {
  return (globalThis as Holder)[key] ?? beginSuite(globalThis, 'process');
}

/**
 * Enters something that the test file has to stop.
 *
 * @returns a function that stops it and takes it off the account; safe to call again.
 */
export function mustBeStopped(description: string, stop: () => Promise<void>): () => Promise<void> {
  const { open } = currentSuite();
  let stopped: Promise<void> | undefined;
  open.set(description, stop);
  return () => {
    open.delete(description);
    stopped ??= stop();
    return stopped;
  };
}
