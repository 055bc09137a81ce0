/**
 * Walks through a README as a newcomer would: runs its `sh` blocks in order in one shell, compares what they print, and times them.
 *
 *   node .ci/walk-readme.js examples/nestjs-shop/README.md [--repository <path>] [--limit <minutes>]
 *
 * It begins in an empty folder, so the README must clone the repository first; `git clone` is pointed at the given one, this by default,
 * and so sees what is committed. A `text` or `json` block after an `sh` block is what that one prints, both streams together; `…` stands
 * for any characters within a line, and on a line of its own for any lines. It fails when a block fails or prints something else, when the
 * whole takes longer than the limit, 10 minutes by default, and when a process is left in the end. Whatever happens, what the blocks
 * started is ended and the folder deleted.
 */
const { spawn } = require('node:child_process');
const { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } = require('node:fs');
const { tmpdir } = require('node:os');
const { join, resolve } = require('node:path');
const { setTimeout: delay } = require('node:timers/promises');
const { parseArgs } = require('node:util');

const GONE_DEADLINE_MS = 30_000;

/** Ends the jobs of the shell, each a process group of its own. */
const PRELUDE = `set -e -m
exec 2>&1
trap 'trap - EXIT; for job in $(jobs -p); do kill -- "-$job" || true; done; wait || true' EXIT
`;

/** Reads the blocks of a README: each piece of shell with its line, and with what it prints where that is shown. */
function blocksOf(readme) {
  const blocks = [];
  for (const match of readme.matchAll(/^```(\w+)\n(.*?)^```$/gms)) {
    const [, language, text] = match;
    const line = readme.slice(0, match.index).split('\n').length + 1;
    const last = blocks.at(-1);
    if (language === 'sh') blocks.push({ line, code: text });
    else if ((language === 'text' || language === 'json') && last && last.expected === undefined) last.expected = text;
  }
  return blocks;
}

/** Whether an output is as shown, blanks at the ends of lines and empty lines around it aside. */
function isAsShown(output, shown) {
  const tidy = (text) => text.replace(/[^\S\n]+$/gm, '').trim();
  const escaped = tidy(shown).replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  const pattern = escaped.replace(/^[^\S\n]*…$/gm, '[^]*?').replace(/…/g, '.*?');
  return new RegExp(`^${pattern}$`).test(tidy(output));
}

/** One bash for all blocks, in a session of its own. */
class Shell {
  #output = '';
  #ended = false;
  #exit;
  #child;

  constructor(folder) {
    const env = { ...process.env, WALKED_FOLDER: folder, NO_COLOR: '1' };
    this.folder = folder;
    this.#child = spawn('bash', ['--noprofile', '--norc'], { cwd: folder, env, detached: true, stdio: ['pipe', 'pipe', 'inherit'] });
    this.#child.stdout.setEncoding('utf8').on('data', (text) => {
      this.#output += text;
    });
    this.#child.stdin.on('error', () => {}); // The shell has ended; its exit tells so.
    this.#exit = new Promise((done) => this.#child.once('exit', (code, signal) => done(code ?? signal)));
    void this.#exit.then(() => {
      this.#ended = true;
    });
    this.#child.stdin.write(PRELUDE);
  }

  /** Runs a block. @returns what it printed, and the shell's exit code where it ended the shell. */
  async run(code, index) {
    const file = join(this.folder, `.block-${index}.sh`);
    const mark = `--- block ${index} is done ---`;
    writeFileSync(file, code);
    this.#output = '';
    this.#child.stdin.write(`. '${file}' < /dev/null; printf '\\n%s\\n' '${mark}'\n`);
    while (!this.#ended && !this.#output.includes(mark)) await delay(20);
    const end = this.#output.indexOf(mark);
    if (end >= 0) return { output: this.#output.slice(0, end), failed: undefined };
    await delay(100); // For the end of the output, which may come after the exit.
    return { output: this.#output, failed: await this.#exit };
  }

  /** Ends the shell and all that it started. @returns the processes that had to be killed. */
  async end() {
    if (!this.#ended) this.#child.kill('SIGHUP');
    const deadline = Date.now() + GONE_DEADLINE_MS;
    while ((!this.#ended || leftIn(this.folder).length > 0) && Date.now() < deadline) await delay(50);
    const left = leftIn(this.folder);
    for (const { pid } of left) process.kill(pid, 'SIGKILL');
    if (!this.#ended) this.#child.kill('SIGKILL');
    return left;
  }
}

/** The processes that were started in a walk, by the environment that they inherited; known on Linux only. */
function leftIn(folder) {
  if (!existsSync('/proc/self/environ')) return [];
  return readdirSync('/proc').flatMap((pid) => {
    if (!/^\d+$/.test(pid)) return [];
    try {
      const isOurs = readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0').includes(`WALKED_FOLDER=${folder}`);
      return isOurs ? [{ pid: Number(pid), command: readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ') }] : [];
    } catch {
      return []; // It has gone, or belongs to somebody else.
    }
  });
}

/** Points the README's clone at a repository on this machine. */
function pointedAt(code, repository) {
  return code.replace(/^git clone \S+/gm, `git clone --quiet '${repository}'`);
}

const seconds = (ms) => `${(ms / 1000).toFixed(1)} s`.padStart(8);
const indented = (text) => text.trimEnd().replace(/^/gm, '    ');

/** Runs all blocks. @returns what went wrong, undefined when nothing did. */
async function walk(blocks, shell, repository) {
  for (const [index, { line, code, expected }] of blocks.entries()) {
    const begin = Date.now();
    const { output, failed } = await shell.run(pointedAt(code, repository), index + 1);
    const verdict = expected === undefined ? 'ran' : 'printed what is shown';
    const differs = failed === undefined && expected !== undefined && !isAsShown(output, expected);
    const [first] = code.split('\n');
    console.log(
      `${seconds(Date.now() - begin)}  line ${line}: ${first}  … ${failed !== undefined ? 'FAILED' : differs ? 'DIFFERS' : verdict}`,
    );
    if (failed !== undefined) return `The block at line ${line} ended the shell with ${failed}. It printed:\n${indented(output)}`;
    if (differs) return `The block at line ${line} printed:\n${indented(output)}\n  but shown is:\n${indented(expected)}`;
  }
  return undefined;
}

async function main() {
  const { values, positionals } = parseArgs({
    options: { repository: { type: 'string' }, limit: { type: 'string' } },
    allowPositionals: true,
  });
  const [readme] = positionals;
  const limitMs = Number(values.limit ?? 10) * 60_000;
  if (readme === undefined || positionals.length > 1 || !(limitMs > 0)) {
    console.error('Usage: node .ci/walk-readme.js <README.md> [--repository <path>] [--limit <minutes>]');
    return 2;
  }
  const blocks = blocksOf(readFileSync(readme, 'utf8'));
  const shell = new Shell(mkdtempSync(join(tmpdir(), 'walk-readme-')));
  const begin = Date.now();
  let stopped = 'It was interrupted.';
  const stop = () => void shell.end();
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, stop);
  const timer = setTimeout(() => {
    stopped = `It took longer than ${limitMs / 60_000} minutes.`;
    stop();
  }, limitMs);
  const fault = blocks.length === 0 ? `${readme} has no sh block.` : await walk(blocks, shell, resolve(values.repository ?? '.'));
  const tookMs = Date.now() - begin;
  clearTimeout(timer);
  const left = await shell.end();
  rmSync(shell.folder, { recursive: true, force: true });
  console.log(`${seconds(tookMs)}  ${blocks.length} blocks in all`);
  const faults = [
    fault,
    ...(fault?.includes('ended the shell with SIG') ? [stopped] : []),
    ...left.map(({ command }) => `Left running: ${command}`),
  ];
  for (const each of faults.filter((text) => text !== undefined)) console.error(each);
  return fault === undefined && left.length === 0 ? 0 : 1;
}

module.exports = { blocksOf, isAsShown };
if (require.main === module) {
  main().then((code) => {
    process.exitCode = code;
  });
}
