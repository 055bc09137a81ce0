const { execFile, spawnSync } = require('node:child_process');
const { existsSync } = require('node:fs');
const { join } = require('node:path');
const { promisify } = require('node:util');

const run = promisify(execFile);

/** Programs and the Debian packages that bring them; libc6-dev has the headers, which gcc does not insist on. */
const packages = { spin: ['spin'], gcc: ['gcc', 'libc6-dev'] };
const memoryLimitMb = 5_000;
const maxOutput = 64 * 1024 * 1024;

/**
 * Makes sure that spin and gcc are there; as root on Debian it installs what is missing.
 *
 * @throws Error that says which package to install.
 */
function installTools() {
  const missing = missingPrograms();
  if (missing.length === 0) {
    return;
  }
  const names = missing.flatMap((program) => packages[program]);
  const failure = canInstall() ? installWithApt(names) : undefined;
  if (missingPrograms().length > 0) {
    throw new Error(
      [
        `The models need ${missing.join(' and ')}, which this machine does not have. Install, then run the same command again:`,
        `  Debian, Ubuntu:  sudo apt-get update && sudo apt-get install -y --no-install-recommends ${names.join(' ')}`,
        ...(failure === undefined ? [] : [`apt-get was tried and failed: ${failure}`]),
      ].join('\n'),
    );
  }
}

function missingPrograms() {
  const flags = { spin: '-V', gcc: '--version' };
  return Object.keys(packages).filter((program) => spawnSync(program, [flags[program]]).error !== undefined);
}

function canInstall() {
  return process.getuid?.() === 0 && existsSync('/etc/debian_version') && existsSync('/usr/bin/apt-get');
}

/** @returns what went wrong, undefined when nothing did. */
function installWithApt(names) {
  console.error(`Installing ${names.join(', ')} with apt-get, because the models need them …`);
  apt(['update']);
  return apt(['install', '-y', '--no-install-recommends', ...names]);
}

function apt(args) {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const { status, error, stderr } = spawnSync('apt-get', ['-q', '-o', 'DPkg::Lock::Timeout=300', ...args], { env, encoding: 'utf8' });
  return status === 0 ? undefined : (error?.message ?? stderr).trim().slice(-1_000);
}

/** Compiles a model to a verifier in the folder that has its text; a long one stores its states compressed. @returns the verifier's path. */
async function compile({ model, macros, long = false, tiny = false, folder, signal }) {
  const program = join(folder, [model, ...macros].join('.').replaceAll('=', '-'));
  await run('spin', [...macros.map((macro) => `-D${macro}`), '-a', `${model}.pml`], { cwd: folder, signal });
  const options = [tiny ? '-O0' : '-Og', '-w', '-DSAFETY', `-DMEMLIM=${memoryLimitMb}`, ...(long ? ['-DCOLLAPSE'] : [])];
  await run('gcc', [...options, '-o', program, 'pan.c'], { cwd: folder, signal });
  return program;
}

/** Searches all states, up to the first violation. Where a promise is to fail, a deadlock on the way there is not what is looked for. */
async function verify(program, { variant, promises, long = false, folder, signal }) {
  const skipsDeadlocks = variant.expected.length > 0 && !variant.expected.includes('STUCK');
  const args = ['-m100000', long ? '-w26' : '-w22', ...(skipsDeadlocks ? ['-E'] : [])];
  const begin = performance.now();
  const output = await runVerifier(program, args, { variant, folder, signal });
  const states = Number(/(\d+) states, stored/.exec(output)?.[1] ?? 0);
  return { states, seconds: (performance.now() - begin) / 1_000, found: findingOf(output, promises), output };
}

async function runVerifier(program, args, { variant, folder, signal }) {
  const options = { cwd: folder, signal, maxBuffer: maxOutput, env: { ...process.env, WITHOUT: String(variant.number) } };
  const { stdout, stderr } = await run(program, args, options).catch((error) => {
    if (error.name === 'AbortError') {
      throw error;
    }
    return error;
  });
  return `${stdout}${stderr}`;
}

/** The promise that was violated, `STUCK` for a deadlock, `holds` for none in a search of all states. */
function findingOf(output, promises) {
  const promise = /assertion violated .*\((\d+)==0\)/.exec(output)?.[1];
  if (promise !== undefined) {
    return promises.get(Number(promise)) ?? `promise ${promise}`;
  }
  if (output.includes('invalid end state (')) {
    return 'STUCK';
  }
  const isWhole = /errors: 0\b/.test(output) && !/Search not completed|max search depth too small|out of memory/i.test(output);
  return isWhole ? 'holds' : 'not exhaustive';
}

/** The steps of the violation that {@link verify} found last. */
async function showTrail(program, { variant, folder, signal }) {
  return runVerifier(program, ['-r'], { variant, folder, signal });
}

module.exports = { compile, installTools, showTrail, verify };
