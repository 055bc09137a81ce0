import { randomUUID } from 'node:crypto';
import type { DataSource } from 'typeorm';
import { IdentityError } from '../errors';
import { type Identity, insertIdentity, readIdentity, type TableIdentity, updateIdentity } from './identity-table';
import { shardFault } from './shard-fault';

/*
 * A database is in one of three states:
 *
 *   new       it remembers nothing; so before the first start, and for a database in the place of a lost one
 *   founding  the first start has reached it, but perhaps not every other database; the cluster's id has the prefix `founding:`
 *   settled   every database of the cluster has been reached
 *
 * The first start makes every database `founding` and only then all of them `settled`, so one that is cut short can be made again,
 * and a new database among settled ones is known to have been replaced. Of several processes that start first at once, the one
 * whose row stands in the first database (by name of its shard) gives the cluster its id.
 */

/** What the configuration says that a database should be; the cluster's id is only known to databases. */
export type ExpectedIdentity = Omit<Identity, 'clusterId'>;

/** A member of the cluster, to be compared with its database. */
export interface Member {
  readonly expected: ExpectedIdentity;
  readonly dataSource: DataSource;
  /** Whether the database ends with the process, so that it can remember nothing. */
  readonly inMemory: boolean;
  /** Whether any row belongs on the shard; one that owns nothing yet may join at any time. */
  readonly ownsRows: boolean;
}

const FOUNDING = 'founding:';

/**
 * Compares one settled database with the configuration.
 *
 * @param clusterId - id of the cluster that other databases of it have told; undefined for the first one.
 * @returns What it remembers; undefined when it is not settled, so that all members must be established together.
 * @throws {IdentityError} when it belongs elsewhere or was written under another placement.
 */
export async function admitSettled(member: Member, clusterId: string | undefined): Promise<Identity | undefined> {
  const identity = await read(member);
  if (!identity && member.inMemory) return establish([member]).then(() => read(member));
  if (!identity || isFounding(identity)) return undefined;
  const differences = differencesOf(member.expected, identity);
  if (clusterId !== undefined && clusterId !== identity.clusterId && !member.inMemory) differences.push(stranger(identity));
  if (differences.length > 0) throw new IdentityError(differences);
  await addTables(member, identity);
  return identity;
}

/**
 * Compares what all databases remember with what the configuration says, and lets new ones remember.
 *
 * @throws {IdentityError} with every difference; nothing has been written then.
 */
export async function establish(members: readonly Member[]): Promise<void> {
  const found = await readAll([...members].sort((a, b) => (a.expected.shard < b.expected.shard ? -1 : 1)));
  const known = found.flatMap(({ identity }) => identity ?? []);
  const differences = found.flatMap(({ member, identity }) => (identity ? differencesOf(member.expected, identity) : []));
  differences.push(...strangers(known));
  if (found.some(isSettled)) differences.push(...found.filter(isNew).flatMap(({ member }) => (member.ownsRows ? replaced(member) : [])));
  if (differences.length > 0) throw new IdentityError(differences);
  await settle(found, known[0] && idOf(known[0]));
}

/** What each of the databases found has that differs from the configuration or from the others; {@link establish} would refuse it. */
export function identityDifferences(found: readonly Found[]): ReadonlyMap<Member, readonly string[]> {
  const isRunning = found.some(isSettled);
  const known = found.flatMap(({ identity }) => identity ?? []);
  const others = new Set(strangers(known));
  return new Map(
    found.map(({ member, identity }) => {
      if (!identity) return [member, isRunning && !member.inMemory && member.ownsRows ? [replaced(member)] : []];
      return [member, [...differencesOf(member.expected, identity), ...[stranger(identity)].filter((fault) => others.has(fault))]];
    }),
  );
}

type Found = { readonly member: Member; readonly identity: Identity | undefined };

async function readAll(members: readonly Member[]): Promise<readonly Found[]> {
  const readEach = () => Promise.all(members.map(async (member) => ({ member, identity: await read(member) })));
  const found = await readEach();
  // Another process may have founded and settled them all after one was read and before another. None is settled before all are founded.
  return found.some(isSettled) && found.some(isNew) ? readEach() : found;
}

function read(member: Member): Promise<Identity | undefined> {
  return named(member, readIdentity(member.dataSource, member.expected.suffix));
}

/** Names the shard on what its database throws. */
async function named<T>({ expected }: Member, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw shardFault(expected.shard, error);
  }
}

function isSettled({ member, identity }: Found): boolean {
  return identity !== undefined && !isFounding(identity) && !member.inMemory;
}

function isNew({ member, identity }: Found): boolean {
  return identity === undefined && !member.inMemory;
}

async function settle(found: readonly Found[], knownId: string | undefined): Promise<void> {
  let clusterId = knownId ?? randomUUID();
  const foundings: { readonly member: Member; readonly identity: Identity }[] = [];
  for (const { member, identity } of found) {
    const own = { ...member.expected, clusterId: `${FOUNDING}${clusterId}` };
    const stored = identity ?? (await named(member, insertIdentity(member.dataSource, own)));
    if (foundings.length === 0) clusterId = idOf(stored);
    foundings.push({ member, identity: stored });
    // Another process may have been first, with another configuration.
    const differences = [...differencesOf(member.expected, stored), ...strangers(foundings.map((each) => each.identity))];
    if (differences.length > 0) throw new IdentityError(differences);
  }
  for (const { member, identity } of foundings) {
    if (isFounding(identity)) await named(member, updateIdentity(member.dataSource, { ...identity, clusterId }));
    await addTables(member, { ...identity, clusterId });
  }
}

/** Lets a database remember tables that the application has come to use since. */
async function addTables(member: Member, identity: Identity): Promise<void> {
  const { tables, placements } = member.expected;
  if (Object.keys(tables).every((table) => identity.tables[table])) return;
  const grown = { ...identity, tables: { ...tables, ...identity.tables }, placements: { ...placements, ...identity.placements } };
  await named(member, updateIdentity(member.dataSource, grown));
}

function isFounding({ clusterId }: Identity): boolean {
  return clusterId.startsWith(FOUNDING);
}

function idOf({ clusterId }: Identity): string {
  return clusterId.replace(FOUNDING, '');
}

function differencesOf(expected: ExpectedIdentity, identity: Identity): string[] {
  const database = `the database of shard "${expected.shard}"`;
  if (identity.cluster !== expected.cluster) return [`${database} belongs to cluster "${identity.cluster}", not to "${expected.cluster}"`];
  if (identity.shard !== expected.shard)
    return [`${database} holds shard "${identity.shard}"; are two databases swapped, or was the shard renamed?`];
  return Object.entries(expected.tables).flatMap(([table, wanted]) => {
    const stored = identity.tables[table];
    if (!stored || (stored.kind === wanted.kind && [stored.checksum, stored.next].includes(wanted.checksum))) return [];
    const [was, is] = [describe(stored, identity), describe(wanted, expected)];
    const unsaid = was === is ? ', with other bounds or its shards in another order' : '';
    return [`rows of ${table} on shard "${expected.shard}" were written ${was}; the configuration says ${is}${unsaid}`];
  });
}

function describe({ kind, checksum }: TableIdentity, { placements }: Pick<Identity, 'placements'>): string {
  const placement = placements[checksum];
  return placement === undefined ? kind : `${kind} under ${placement}`;
}

function strangers(identities: readonly Identity[]): string[] {
  const [first] = identities;
  return identities.filter((identity) => first && idOf(identity) !== idOf(first)).map(stranger);
}

function stranger({ shard }: Identity): string {
  return `the database of shard "${shard}" belongs to another cluster of the same name than the others`;
}

function replaced({ expected }: Member): string {
  return (
    `the database of shard "${expected.shard}" is new, and others are not. If the shard joins, give it weight: 0 and move rows to it by ` +
    'cluster.reshard; otherwise, is it the right database, and was it restored?'
  );
}
