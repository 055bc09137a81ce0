/*
 * Verifies the models of the resharding protocol with spin, whole and with each defence taken out.
 *
 *   node test/model/run.js [--long] [model …]            all runs, as a table; exit code 1 when one is not as expected
 *   node test/model/run.js --trail <model> <DEFENCE>     the steps that lead to the violation
 */

const { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } = require('node:fs');
const { tmpdir } = require('node:os');
const { join } = require('node:path');
const { compile, installTools, verify, showTrail } = require('./spin');

/**
 * Which models with which macros. `large` leaves what only shows that a defence is spare to the long set;
 * `long` the whole line. `tiny` is compiled faster than it would have to run.
 * `only` takes no more than these defences.
 */
const configurations = [
  { model: 'chunk', large: true },
  { model: 'workers', tiny: true },
  { model: 'modulus', large: true },
  { model: 'lease', macros: ['LEASE=1', 'IDLE=2'], large: true },
  { model: 'lease', macros: ['LEASE=1', 'IDLE=2', 'GRACE'], only: ['GRACE_WAIT', 'RULE_AND_BARRIER'] },
  { model: 'lease', macros: ['LEASE=1', 'IDLE=1', 'GUARD_ALWAYS'], only: ['ZERO_ROW_RULE', 'RULE_ALWAYS', 'LOOK_AGAIN'] },
  { model: 'old-mover', tiny: true },
  { model: 'scatter-read', tiny: true },
  { model: 'scatter-write', tiny: true },
  { model: 'snapshot', tiny: true },
  { model: 'arm', tiny: true },
  { model: 'arm', macros: ['ACTIVE'], tiny: true },
  { model: 'live', long: true },
  { model: 'lease', macros: ['LEASE=2', 'IDLE=2'], long: true },
  { model: 'lease', macros: ['LEASE=2', 'IDLE=2', 'GRACE'], long: true },
  { model: 'workers', macros: ['LEASES=3'], long: true },
  { model: 'chunk', macros: ['LEASES=3'], long: true, only: [] },
  { model: 'chunk', macros: ['CLIENTS=2', 'ONE_CHUNK'], long: true, only: [] },
];

/** Reads the defences from a model: `#define NAME 3`, then in a comment `fails PROMISE … ; MACRO holds : what is taken out`. */
function readDefences(model, macros) {
  const lines = readFileSync(join(__dirname, `${model}.pml`), 'utf8').matchAll(/^#define (\w+) (\d+) +\/\* (.+?) : (.+) \*\/$/gm);
  return [...lines].flatMap(([, name, number, clauses]) => {
    const expected = expectationOf(clauses, macros);
    return expected === undefined ? [] : [{ name, number: Number(number), expected }];
  });
}

/** What must be found: an array of promises, one of which is violated; empty when nothing may be. */
function expectationOf(clauses, macros) {
  const [general, ...special] = clauses.split(' ; ');
  const own = special.find((clause) => macros.includes(clause.split(' ')[0]));
  const [verb, ...promises] = (own === undefined ? general : own.slice(own.indexOf(' ') + 1)).split(' ');
  if (verb === 'only') {
    return undefined;
  }
  if (verb !== 'fails' && verb !== 'holds') {
    throw new Error(`A defence must say "fails" or "holds", not "${verb}".`);
  }
  return promises;
}

/** Promises by number, from `common.pml`. */
function readPromises() {
  const lines = readFileSync(join(__dirname, 'common.pml'), 'utf8').matchAll(/^#define ([A-Z_]+) (\d+) /gm);
  return new Map([...lines].map(([, name, number]) => [Number(number), name]));
}

function planRuns({ long, models }) {
  const chosen = configurations.filter((configuration) => long || !configuration.long);
  return chosen
    .filter(({ model }) => models.length === 0 || models.includes(model))
    .map((configuration) => ({ ...configuration, macros: configuration.macros ?? [], variants: variantsOf(configuration, long) }));
}

function variantsOf({ model, macros = [], large = false, only }, long) {
  const defences = readDefences(model, macros).filter(({ name }) => only === undefined || only.includes(name));
  const wanted = defences.filter(({ expected }) => long || !large || expected.length > 0);
  return [{ name: '', number: 0, expected: [] }, ...wanted];
}

async function runAll(plan, { folder, signal }) {
  const promises = readPromises();
  let differences = 0;
  let count = 0;
  printRow(['model', 'without', 'states', 'seconds', 'expected', 'found']);
  for (const { model, macros, variants, long = false, tiny = false } of plan) {
    const program = await compile({ model, macros, long, tiny, folder, signal });
    for (const variant of variants) {
      const result = await verify(program, { variant, promises, long, folder, signal });
      const right = isExpected(result.found, variant.expected);
      differences += right ? 0 : 1;
      count++;
      printRow([
        [model, ...macros].join(' '),
        variant.name || '(nothing)',
        result.states.toLocaleString('en'),
        result.seconds.toFixed(1),
        expectedText(variant.expected),
        right ? result.found : `${result.found}   <-- DIFFERENT from ${variant.expected.join(' or ') || 'holds'}\n${result.output}`,
      ]);
    }
  }
  console.log(`\n${count} runs, ${differences} not as expected.`);
  return differences;
}

function isExpected(found, expected) {
  return expected.length === 0 ? found === 'holds' : expected.includes(found);
}

function expectedText(expected) {
  return expected.length === 0 ? 'holds' : 'fails';
}

function printRow([model, without, states, seconds, expected, found]) {
  const cells = [model.padEnd(24), without.padEnd(19), states.padStart(11), seconds.padStart(8), expected.padEnd(9), found];
  console.log(cells.join('  '));
}

async function trail([model, name], { folder, signal }) {
  const configuration = configurations.find(
    ({ model: known, macros = [] }) => known === model && readDefences(known, macros).some((defence) => defence.name === name),
  );
  if (configuration === undefined) {
    throw new Error(`There is no model "${model}" with a defence "${name}".`);
  }
  const macros = configuration.macros ?? [];
  const program = await compile({ model, macros, folder, signal });
  const variant = readDefences(model, macros).find((defence) => defence.name === name);
  const { found } = await verify(program, { variant, promises: readPromises(), folder, signal });
  console.log(`${model} without ${name}: ${found}`);
  console.log(found === 'holds' ? '' : await showTrail(program, { variant, folder, signal }));
  return 0;
}

async function main(args) {
  const names = args.filter((arg) => !arg.startsWith('--'));
  const unknown = args.find((arg) => arg.startsWith('--') && arg !== '--long' && arg !== '--trail');
  const known = new Set(configurations.map(({ model }) => model));
  const wrong = unknown ?? names.find((name, index) => !known.has(name) && !(args.includes('--trail') && index === 1));
  if (wrong !== undefined) {
    throw new Error(`"${wrong}" is neither --long, --trail nor a model (${[...known].join(', ')}).`);
  }
  installTools();
  const context = openFolder();
  return args.includes('--trail')
    ? await trail(names, context)
    : await runAll(planRuns({ long: args.includes('--long'), models: names }), context);
}

/** A temporary folder with the models. However this process ends, the folder goes, and what runs in it. */
function openFolder() {
  const folder = mkdtempSync(join(tmpdir(), 'resharding-model-'));
  const controller = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM']) {
    process.once(signal, () => controller.abort());
  }
  process.once('exit', () => {
    controller.abort();
    rmSync(folder, { recursive: true, force: true });
  });
  for (const file of readdirSync(__dirname).filter((name) => name.endsWith('.pml'))) {
    cpSync(join(__dirname, file), join(folder, file));
  }
  return { folder, signal: controller.signal };
}

main(process.argv.slice(2)).then(
  (differences) => {
    process.exitCode = differences === 0 ? 0 : 1;
  },
  (error) => {
    console.error(error.name === 'AbortError' ? 'Interrupted.' : error.message);
    process.exitCode = 1;
  },
);
