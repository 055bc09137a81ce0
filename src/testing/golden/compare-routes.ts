import type { GoldenRoute, GoldenRoutes } from './golden-routes';

/** One sentence for each difference between the routes that a file holds and those of the cluster. */
export function routeDifferences(golden: GoldenRoutes, now: GoldenRoutes): readonly string[] {
  const known = byKey(golden.routes);
  const current = byKey(now.routes);
  const moved = now.routes.flatMap((route) => keyDifference(known.get(identityOf(route)), route));
  const gone = golden.routes.filter((route) => !current.has(identityOf(route))).map((route) => `${named(route)} is in the file only.`);
  const tables = Object.entries(now.groups).flatMap(([name, { placement, checksum }]) => {
    const was = golden.groups[name];
    if (!was || was.checksum === checksum) return [];
    return [
      `The table of group ${name} is another one (${was.placement} ${was.checksum} became ${placement} ${checksum}): other keys move.`,
    ];
  });
  return [...moved, ...gone, ...tables];
}

/** @returns undefined for what is no file of golden routes. */
export function parseRoutes(text: string): GoldenRoutes | undefined {
  const { groups, routes } = parsed(text) as Partial<GoldenRoutes>;
  return groups && Array.isArray(routes) ? { groups, routes } : undefined;
}

function parsed(text: string): object {
  try {
    return Object(JSON.parse(text));
  } catch {
    return {}; // What is no JSON holds no routes, which the caller says.
  }
}

function keyDifference(was: GoldenRoute | undefined, now: GoldenRoute): readonly string[] {
  if (!was) return [`${named(now)} is not in the file.`];
  if (was.shard !== now.shard) return [`${named(now)} would move from ${was.shard} to ${now.shard}.`];
  if (String(was.position) === String(now.position)) return [];
  return [`${named(now)} stays on ${now.shard}, but its position ${was.position} became ${now.position}.`];
}

function byKey(routes: readonly GoldenRoute[]): ReadonlyMap<string, GoldenRoute> {
  return new Map(routes.map((route) => [identityOf(route), route]));
}

function identityOf({ entity, key }: GoldenRoute): string {
  return JSON.stringify([entity, key]);
}

function named({ entity, key }: GoldenRoute): string {
  return `${entity} ${JSON.stringify(key)}`;
}
