/**
 * The process that stands between a test run and one throwaway server.
 *
 * It makes the server's directory, runs commands in it and keeps the server as its child. States: *serving* from its start; *cleaning* once the
 * channel to its parent closes, which happens on stop(), on the parent's exit and when the parent is killed with SIGKILL; then every process it
 * started is ended, the directory deleted, and it exits with 0, or with 1 and a message where something is left. It runs in a session of its own,
 * so a Ctrl-C meant for the parent does not reach it. Plain JavaScript, because jest, compiled and transpiled parents all start this same file.
 */
const { spawn, spawnSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { setTimeout: delay } = require('node:timers/promises');

const GONE_DEADLINE_MS = 20_000;
const GRACE_DEADLINE_MS = 5_000;
const OUTPUT_CHARACTERS = 4_000;

/** @type {{ prefix: string, account?: { uid: number, gid: number }, stopSignal: string }} */
const settings = JSON.parse(process.argv[2]);
const account = settings.account ?? {};
const directory = fs.mkdtempSync(settings.prefix);
if (settings.account) {
  fs.chownSync(directory, settings.account.uid, settings.account.gid);
}

/** Direct children that have not exited; a server is among them. */
const children = new Set();
let server;

function launch(file, args, stdio) {
  // MariaDB deletes other servers' temporary tables from a shared TMPDIR.
  const child = spawn(file, args, { cwd: directory, stdio, env: { ...process.env, TMPDIR: directory }, ...account });
  children.add(child);
  child.once('exit', () => children.delete(child));
  child.once('error', () => children.delete(child));
  return child;
}

/** Runs a command to its end. */
function run({ file, args }) {
  return new Promise((resolve, reject) => {
    const child = launch(file, args, ['ignore', 'pipe', 'pipe']);
    let output = '';
    const collect = (chunk) => {
      output = (output + chunk).slice(-OUTPUT_CHARACTERS);
    };
    child.stdout.on('data', collect);
    child.stderr.on('data', collect);
    child.once('error', reject);
    child.once('close', (code, signal) => resolve({ code: code ?? signal, output }));
  });
}

/** Starts the server; its output goes to server.log. */
function start({ file, args }) {
  return new Promise((resolve, reject) => {
    const log = fs.openSync(path.join(directory, 'server.log'), 'a');
    const child = launch(file, args, ['ignore', log, log]);
    fs.closeSync(log);
    child.once('error', reject);
    child.once('exit', () => tell({ event: 'exit', pid: child.pid }));
    child.once('spawn', () => {
      server = child;
      resolve({ pid: child.pid });
    });
  });
}

/** Sends the server a signal, with all its processes; answers to one that ends it when all are gone. */
async function signal({ name }) {
  if (!server || !children.has(server)) {
    return {};
  }
  const exited = new Promise((resolve) => server.once('exit', resolve));
  const pids = signalTree(server.pid, name);
  if (name === 'SIGKILL' || name === 'SIGTERM') {
    if (!(await waitUntilGone(pids, GONE_DEADLINE_MS))) {
      throw new Error(`The server is still there ${GONE_DEADLINE_MS / 1000} s after ${name}.`);
    }
    await exited;
  }
  if (name === 'SIGSTOP') {
    await waitUntilStopped(pids);
  }
  return {};
}

/** A stopped process is stopped thread by thread, as each comes to run; until then it may still answer. */
async function waitUntilStopped(pids) {
  const end = Date.now() + GONE_DEADLINE_MS;
  // A child that has ended stays a zombie, since its parent is stopped too.
  while (pids.flatMap(threadStates).some((state) => state !== 'T' && state !== 'Z')) {
    if (Date.now() > end) {
      throw new Error(`The server still runs ${GONE_DEADLINE_MS / 1000} s after SIGSTOP.`);
    }
    await delay(5);
  }
}

/** The states of a process's threads. */
function threadStates(pid) {
  if (process.platform !== 'linux') {
    return psRows().flatMap((row) => (Number(row.pid) === pid ? [row.state] : []));
  }
  if (!fs.existsSync(`/proc/${pid}`)) {
    return [];
  }
  try {
    return fs.readdirSync(`/proc/${pid}/task`).map((thread) => stateOf(fs.readFileSync(`/proc/${pid}/task/${thread}/stat`, 'utf8')));
  } catch (error) {
    if (error.code !== 'ENOENT' && error.code !== 'ESRCH') {
      throw error;
    }
    return ['ended']; // It, or one of its threads, ended between the calls: the caller looks again.
  }
}

function stateOf(stat) {
  return stat.slice(stat.lastIndexOf(')') + 2, stat.lastIndexOf(')') + 3);
}

/** Signals a process and its descendants. PostgreSQL's have sessions of their own, so a process group would not reach them. */
function signalTree(pid, name) {
  if (name === 'SIGKILL') {
    // Else it could fork between the look and the kill, and the children of a dead parent cannot be found.
    send(pid, 'SIGSTOP');
  }
  const pids = [pid, ...descendants(pid)];
  for (const each of pids) {
    send(each, name);
  }
  return pids;
}

function send(pid, name) {
  try {
    process.kill(pid, name);
  } catch (error) {
    if (error.code !== 'ESRCH') {
      throw error; // ESRCH: it has gone by itself, which is as good.
    }
  }
}

function descendants(pid) {
  const table = processTable();
  const found = [];
  for (let parents = [pid]; parents.length > 0; ) {
    parents = table.filter((row) => parents.includes(row.ppid)).map((row) => row.pid);
    found.push(...parents);
  }
  return found;
}

/** All processes but the dead ones that nobody has collected. */
function processTable() {
  const rows = process.platform === 'linux' ? procRows() : psRows();
  return rows.filter((row) => row.state !== 'Z').map(({ pid, ppid }) => ({ pid: Number(pid), ppid: Number(ppid) }));
}

function procRows() {
  return fs.readdirSync('/proc').flatMap((name) => {
    if (!/^\d+$/.test(name)) {
      return [];
    }
    try {
      const stat = fs.readFileSync(`/proc/${name}/stat`, 'utf8');
      const [state, ppid] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      return [{ pid: name, ppid, state }];
    } catch {
      return []; // It ended between the two calls.
    }
  });
}

function psRows() {
  const lines = spawnSync('ps', ['-A', '-o', 'pid=,ppid=,state='], { encoding: 'utf8' }).stdout.trim().split('\n');
  return lines.map((line) => line.trim().split(/\s+/)).map(([pid, ppid, state]) => ({ pid, ppid, state: state[0] }));
}

async function waitUntilGone(pids, deadlineMs) {
  const end = Date.now() + deadlineMs;
  for (;;) {
    const alive = new Set(processTable().map((row) => row.pid));
    const left = pids.filter((pid) => alive.has(pid));
    if (left.length === 0) {
      return true;
    }
    if (Date.now() > end) {
      return false;
    }
    await delay(5);
  }
}

async function endChild(child) {
  // A process can look dead while its threads still give back memory; its exit is the end, and nobody else collects it.
  const exited = child.exitCode === null && child.signalCode === null ? new Promise((resolve) => child.once('exit', resolve)) : undefined;
  await endTree(child);
  await exited;
}

async function endTree(child) {
  const pids = [child.pid, ...descendants(child.pid)];
  if (settings.stopSignal !== 'SIGKILL') {
    signalTree(child.pid, 'SIGCONT');
    send(child.pid, settings.stopSignal);
    if (await waitUntilGone(pids, GRACE_DEADLINE_MS)) {
      return;
    }
  }
  if (!(await waitUntilGone([...pids, ...signalTree(child.pid, 'SIGKILL')], GONE_DEADLINE_MS))) {
    throw new Error(`Processes of ${child.spawnfile} are left: ${pids.join(', ')}.`);
  }
}

/** A PostgreSQL that was killed leaves a System V memory segment, whose id is in line 7 of its pid file. */
function removeSharedMemory() {
  const file = path.join(directory, 'data', 'postmaster.pid');
  const id = fs.existsSync(file) ? fs.readFileSync(file, 'utf8').split('\n')[6]?.trim().split(/\s+/)[1] : undefined;
  if (id) {
    spawnSync('ipcrm', ['-m', id], { stdio: 'ignore', ...account });
  }
}

let cleaning = false;
async function clean() {
  if (cleaning) {
    return;
  }
  cleaning = true;
  try {
    await Promise.all([...children].map(endChild));
    removeSharedMemory();
    fs.rmSync(directory, { recursive: true, force: true, maxRetries: 10 });
    process.exit(0);
  } catch (error) {
    console.error(`The supervisor of ${directory} could not clean up:`, error);
    process.exit(1);
  }
}

function tell(message) {
  if (process.connected) {
    process.send(message, () => {}); // A parent that has gone needs no answer; 'disconnect' follows.
  }
}

const actions = { run, start, signal };
process.on('message', async ({ id, action, ...parameters }) => {
  try {
    tell({ id, result: await actions[action](parameters) });
  } catch (error) {
    tell({ id, error: error.message });
  }
});
process.on('disconnect', clean);
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.on(name, clean);
}
tell({ event: 'ready', directory });
