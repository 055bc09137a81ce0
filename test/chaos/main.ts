import { spawn } from 'node:child_process';
import { parseArgs } from 'node:util';
import { type ChaosKind, chaosKinds } from './databases/chaos-databases';
import { killAll } from './processes/child';
import { stopTrials, tryOn } from './try-on';

const { values } = parseArgs({
  options: {
    database: { type: 'string', multiple: true },
    /** 20 kills of each step, and at least 200,000 operations; tells how far it has come. */
    long: { type: 'boolean', default: false },
    /** Begins nothing more after so many minutes, and says which kills are left. */
    minutes: { type: 'string' },
    seed: { type: 'string' },
    /** Moves nothing. */
    'at-rest': { type: 'boolean', default: false },
    /** Lets writers acknowledge one of so many updates without sending it; the trial must fail. */
    drop: { type: 'string', default: '0' },
    /** Tells on stderr what happens while it happens. */
    story: { type: 'boolean', default: false },
    /** How many operations at rest. */
    operations: { type: 'string' },
  },
});

const kinds = (values.database ?? chaosKinds) as readonly ChaosKind[];
const seed = Number(values.seed ?? Date.now() % 1_000_000);

/** Each database in a process of its own, all at once: most of their time they wait for leases to end. */
async function tryTogether(): Promise<boolean> {
  const given = process.argv.slice(2).filter((argument, index, all) => argument !== '--database' && all[index - 1] !== '--database');
  const seeded = values.seed === undefined ? [...given, '--seed', String(seed)] : given;
  const outputs = await Promise.all(kinds.map((kind) => outputOf([__filename, '--database', kind, ...seeded])));
  for (const { text } of outputs) console.log(text.trimEnd());
  console.log(outputs.map(({ text }) => text.trimEnd().split('\n').at(-1)).join('\n'));
  return outputs.every(({ code }) => code === 0);
}

function outputOf(args: readonly string[]): Promise<{ readonly text: string; readonly code: number | null }> {
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const parts: Buffer[] = [];
  child.stdout.on('data', (part: Buffer) => parts.push(part));
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => child.kill(signal));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve({ text: Buffer.concat(parts).toString(), code }));
  });
}

async function main(): Promise<void> {
  const [only, other] = kinds;
  const options = {
    seed,
    isLong: values.long,
    forMs: Number(values.minutes ?? Number.POSITIVE_INFINITY) * 60_000,
    isTold: values.story,
    isAtRest: values['at-rest'],
    dropEvery: Number(values.drop),
    operationsAtRest: Number(values.operations ?? (values.long ? 20_000 : 600)),
  };
  const isGood = only && other === undefined ? await tryOn(only, options) : await tryTogether();
  process.exitCode = isGood ? 0 : 1;
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, async () => {
    killAll();
    await stopTrials();
    process.exit(130);
  });
}
process.on('exit', killAll);
void main();
