import type * as sqljs from 'sql.js';

/** What is needed of a database handle of either embedded driver. */
interface Handle {
  exec(sql: string): unknown;
  close(): unknown;
}

type HandleConstructor<H extends Handle> = new (...args: readonly unknown[]) => H;

/** Wraps better-sqlite3 so that the handle opened through it is one, closed by its last user. */
export function sqliteDriver<H extends Handle>(base: HandleConstructor<H>, initCommands: readonly string[]) {
  return sharedHandle(base, initCommands);
}

/**
 * Wraps sql.js so that the handle opened through it is one, closed by its last user. The WebAssembly module is loaded once for
 * the process rather than once for each database, which saves megabytes for each.
 */
export function sqljsDriver(base: (config?: object) => Promise<sqljs.SqlJsStatic>, initCommands: readonly string[]) {
  let Database: unknown;
  return async (config?: object) => {
    const module = await loadedModule(base, config);
    Database ??= sharedHandle(module.Database as unknown as HandleConstructor<Handle>, initCommands);
    return { Database };
  };
}

const modules = new WeakMap<object, Map<string, Promise<sqljs.SqlJsStatic>>>();

function loadedModule(base: (config?: object) => Promise<sqljs.SqlJsStatic>, config: object | undefined): Promise<sqljs.SqlJsStatic> {
  const loaded = modules.get(base) ?? new Map<string, Promise<sqljs.SqlJsStatic>>();
  modules.set(base, loaded);
  const key = JSON.stringify(config ?? {});
  const module = loaded.get(key) ?? base(config);
  loaded.set(key, module);
  return module;
}

function sharedHandle<H extends Handle>(base: HandleConstructor<H>, initCommands: readonly string[]) {
  let handle: H | undefined;
  let users = 0;
  // TypeORM calls `new Database(...)`; a constructor that returns an object gives just that object.
  return function Database(...args: readonly unknown[]): H {
    users += 1;
    const opened = handle ?? openHandle(base, args, initCommands);
    handle = opened;
    return view(opened, () => {
      users -= 1;
      if (users > 0) return;
      handle = undefined;
      opened.close();
    });
  };
}

function openHandle<H extends Handle>(base: HandleConstructor<H>, args: readonly unknown[], initCommands: readonly string[]): H {
  const handle = new base(...args);
  for (const initCommand of initCommands) handle.exec(initCommand);
  return handle;
}

/** The handle as one user sees it: closing it ends this user's part, and nothing can be asked of it afterwards. */
function view<H extends Handle>(handle: H, close: () => void): H {
  const bound = new Map<PropertyKey, unknown>();
  let closed = false;
  const closeOnce = () => {
    if (closed) return;
    closed = true;
    close();
  };
  return new Proxy(handle, {
    get(target, name) {
      if (name === 'close') return closeOnce;
      if (closed) throw new TypeError('The database connection is not open');
      const known = bound.get(name);
      if (known) return known;
      const member = Reflect.get(target, name, target);
      if (typeof member !== 'function') return member;
      const method = member.bind(target);
      bound.set(name, method);
      return method;
    },
  });
}
