import { randomUUID } from 'node:crypto';
import type { DataSource } from 'typeorm';
import { IdentityError } from '../errors';
import { type Identity, insertIdentity, readIdentity, updateIdentity } from './identity-table';

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
}

const FOUNDING = 'founding:';

/**
 * Compares one settled database with the configuration.
 *
 * @returns false when the database is not settled, so that all members must be established together.
 * @throws {IdentityError} when it belongs elsewhere or was written under another placement.
 */
export async function admitSettled(member: Member): Promise<boolean> {
  const identity = await readIdentity(member.dataSource, member.expected.suffix);
  if (!identity || isFounding(identity)) return member.inMemory && !identity ? establish([member]).then(() => true) : false;
  const differences = differencesOf(member.expected, identity);
  if (differences.length > 0) throw new IdentityError(differences);
  await addGroups(member, identity);
  return true;
}

/**
 * Compares what all databases remember with what the configuration says, and lets new ones remember.
 *
 * @throws {IdentityError} with every difference; nothing has been written then.
 */
export async function establish(members: readonly Member[]): Promise<void> {
  const sorted = [...members].sort((a, b) => (a.expected.shard < b.expected.shard ? -1 : 1));
  const found = await Promise.all(
    sorted.map(async (member) => ({ member, identity: await readIdentity(member.dataSource, member.expected.suffix) })),
  );
  const known = found.flatMap(({ identity }) => (identity ? [identity] : []));
  const differences = found.flatMap(({ member, identity }) => (identity ? differencesOf(member.expected, identity) : []));
  differences.push(...strangers(known));
  const settled = found.some(({ member, identity }) => identity && !isFounding(identity) && !member.inMemory);
  const fresh = found.filter(({ member, identity }) => !identity && !member.inMemory);
  if (settled) differences.push(...fresh.map(({ member }) => replaced(member)));
  if (differences.length > 0) throw new IdentityError(differences);
  await settle(found, known[0] && idOf(known[0]));
}

type Found = { readonly member: Member; readonly identity: Identity | undefined };

async function settle(found: readonly Found[], knownId: string | undefined): Promise<void> {
  let clusterId = knownId ?? randomUUID();
  const foundings: Found[] = [];
  for (const { member, identity } of found) {
    const stored = identity ?? (await insertIdentity(member.dataSource, { ...member.expected, clusterId: `${FOUNDING}${clusterId}` }));
    if (foundings.length === 0) clusterId = idOf(stored);
    foundings.push({ member, identity: stored });
  }
  const differences = strangers(foundings.flatMap(({ identity }) => identity ?? []));
  if (differences.length > 0) throw new IdentityError(differences);
  for (const { member, identity } of foundings) {
    if (identity && isFounding(identity)) await updateIdentity(member.dataSource, { ...identity, clusterId });
    if (identity) await addGroups(member, { ...identity, clusterId });
  }
}

/** Lets a database remember groups that the application has come to use since. */
async function addGroups(member: Member, identity: Identity): Promise<void> {
  const added = Object.keys(member.expected.groups).some((group) => !identity.groups[group]);
  if (added) await updateIdentity(member.dataSource, { ...identity, groups: { ...identity.groups, ...member.expected.groups } });
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
  return Object.entries(expected.groups).flatMap(([group, { checksum, placement }]) => {
    const stored = identity.groups[group];
    if (!stored || stored.checksum === checksum) return [];
    return [
      `rows of group ${group} on shard "${expected.shard}" were written under ${stored.placement}; the configuration says ${placement}`,
    ];
  });
}

function strangers(identities: readonly Identity[]): string[] {
  const [first] = identities;
  const others = identities.filter((identity) => first && idOf(identity) !== idOf(first));
  if (others.length === 0) return [];
  return [
    `shard(s) ${others.map(({ shard }) => `"${shard}"`).join(', ')} belong to another cluster of the same name than "${first?.shard}"`,
  ];
}

function replaced({ expected }: Member): string {
  return (
    `the database of shard "${expected.shard}" is new, but the others were part of a running cluster with it; ` +
    'is it the right database, and was it restored?'
  );
}
