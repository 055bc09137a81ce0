import { FENCE_SCHEMA_VERSION, guardedTables, provisionedVersion, readOwnership } from '../../fence';
import type { GroupMove } from '../../topology';
import { fencedGroups } from '../fenced-groups';
import type { PlannedGroup } from '../reshard-plan';
import { cutRows } from './cut-rows';
import { estimateGroup, sum, type TableSize, tableSize } from './estimates';
import { foreignKeyFaults } from './foreign-key-faults';
import { spaceFaults } from './free-space';
import { oldSnapshotWarnings } from './old-snapshots';
import { crowdedFaults, misplacedFaults } from './row-faults';
import { differenceFindings, type Findings, type ShapedTable, tableFindings } from './schema-faults';
import { faultsCollected, type SurveyedShard } from './surveyed-shard';
import { foreignKeys, tableShape } from './table-shape';

/** What the databases say to a plan. */
export interface Survey extends Findings {
  readonly groups: readonly PlannedGroup[];
  /** What moves, its rows cut by what is stored. */
  readonly moves: ReadonlyMap<string, GroupMove>;
}

/** What is asked, and how much at a time moves. */
export interface Surveyed {
  readonly surveyed: readonly SurveyedShard[];
  readonly moves: ReadonlyMap<string, GroupMove>;
  readonly chunkRows: number;
  readonly maxFrozenRows: number;
  readonly signal?: AbortSignal;
}

/** Asks the databases about a plan. What they are asked only where all before is well: rows of tables that fit no move are not counted. */
export async function survey(asked: Surveyed): Promise<Survey> {
  const [faults, warnings]: [string[], string[]] = [[], []];
  const sizes = new Map<string, TableSize>();
  faults.push(...(await provisionFaults(asked)));
  for (const shard of asked.surveyed) {
    asked.signal?.throwIfAborted();
    faults.push(...(await fenceFaults(shard, asked.moves)));
    warnings.push(...(await oldSnapshotWarnings(shard)));
  }
  const built = await schemaFindings(asked, sizes);
  faults.push(...built.faults);
  warnings.push(...built.warnings);
  if (faults.length > 0) return { faults, warnings, groups: [], moves: asked.moves };
  return { ...(await rowFindings(asked, sizes)), warnings };
}

async function provisionFaults({ surveyed, moves }: Surveyed): Promise<readonly string[]> {
  const faults: string[] = [];
  const missing: string[] = [];
  for (const { shard, source, runner } of surveyed) {
    const version = await provisionedVersion(source);
    if (version === undefined || !(await hasRows(source, runner, moves))) missing.push(shard.name);
    else if (version !== FENCE_SCHEMA_VERSION)
      faults.push(`Shard ${shard.name} has control tables of version ${version}, not ${FENCE_SCHEMA_VERSION}.`);
  }
  if (missing.length === 0) return faults;
  const names = missing.join(', ');
  return [
    `There are no control tables for what moves on ${names}. Run cluster.reshard.provision() or typeorm-sharding provision.`,
    ...faults,
  ];
}

async function hasRows(source: SurveyedShard['source'], runner: SurveyedShard['runner'], moves: Surveyed['moves']): Promise<boolean> {
  for (const group of moves.keys()) if ((await readOwnership(source, runner, group)).length === 0) return false;
  return true;
}

async function fenceFaults({ source }: SurveyedShard, moves: Surveyed['moves']): Promise<readonly string[]> {
  const faults: string[] = [];
  const tables = new Map([...moves].map(([name, { from }]) => [name, from]));
  await faultsCollected(faults, () => guardedTables(source, fencedGroups({ tables, plan: null })));
  return faults;
}

async function schemaFindings({ surveyed, moves }: Surveyed, sizes: Map<string, TableSize>): Promise<Findings> {
  const findings: Findings[] = [];
  for (const group of moves.keys()) {
    const byTable = new Map<string, ShapedTable[]>();
    for (const shard of surveyed) {
      const tables = shard.tables.get(group) ?? [];
      for (const table of tables) {
        const shape = await tableShape(shard.runner, table.path);
        const shaped = { shard: shard.shard.name, table, shape };
        sizes.set(JSON.stringify([shaped.shard, table.path]), await tableSize(shard, table.quotedPath, shape));
        byTable.set(table.table, [...(byTable.get(table.table) ?? []), shaped]);
        findings.push(tableFindings(shaped));
      }
      findings.push({ faults: await keyFaults(shard, group), warnings: [] });
    }
    findings.push(...[...byTable.values()].map(differenceFindings));
  }
  return { faults: findings.flatMap(({ faults }) => faults), warnings: findings.flatMap(({ warnings }) => warnings) };
}

async function keyFaults({ shard, source, runner, tables }: SurveyedShard, group: string): Promise<readonly string[]> {
  const reference = [...source.shardings].filter(([, { kind }]) => kind === 'reference').map(([{ tableName }]) => tableName);
  const moved = (tables.get(group) ?? []).map(({ path }) => path.split('.').at(-1) as string);
  return foreignKeyFaults(await foreignKeys(runner), { shard: shard.name, moved: new Set(moved), reference: new Set(reference) });
}

async function rowFindings(asked: Surveyed, sizes: ReadonlyMap<string, TableSize>): Promise<Omit<Survey, 'warnings'>> {
  const { surveyed, chunkRows } = asked;
  const faults: string[] = [];
  const groups: PlannedGroup[] = [];
  const moves = new Map<string, GroupMove>();
  const sizeOf = (shard: string, path: string) => sizes.get(JSON.stringify([shard, path])) ?? { rows: 0, bytes: 0 };
  for (const [group, move] of asked.moves) {
    asked.signal?.throwIfAborted();
    faults.push(...(await misplacedFaults(group, move, surveyed)), ...(await crowdedFaults(group, move, asked)));
    groups.push(await estimateGroup(group, move, { surveyed, sizeOf }));
    moves.set(group, isOnSlots(group, move) ? move : { ...move, rows: await cutRows(group, move.rows, { sources: surveyed, chunkRows }) });
  }
  for (const target of surveyed) {
    const arriving = groups.flatMap((each) => each.moves).filter(({ to }) => to === target.shard.name);
    if (arriving.length > 0)
      faults.push(
        ...(await spaceFaults(
          target,
          sum(arriving, ({ bytes }) => bytes),
        )),
      );
  }
  return { faults, groups, moves };
}

function isOnSlots(group: string, { from, to }: GroupMove): boolean {
  return [from, to].every((table) => fencedGroups({ tables: new Map([[group, table]]), plan: null })[0]?.lookUp === 'slot');
}
