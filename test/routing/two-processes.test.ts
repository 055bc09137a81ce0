import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ModuleKind, ScriptTarget, transpileModule } from 'typescript';
import { hashPosition, hashRing, modulo } from '../../src/routing';
import { names, publishedKeys } from './keys';

const SOURCE = join(__dirname, '..', '..', 'src');
let folder: string;

/** What another process prints: checksums, owners and an evolved map, with members in the other order. */
const PROGRAM = `
const { hashPosition, hashRing, modulo } = require(process.argv[1]);
const [members, more, keys] = JSON.parse(require('node:fs').readFileSync(0, 'utf8'));
const tables = [hashRing().compile(members), hashRing({ virtualNodes: 160 }).compile(members), modulo([...members].sort()).compile(members)];
tables.push(hashRing().compile(more, tables[0]));
const owners = [0, 1, 3].flatMap((table) => keys.map((key) => tables[table].ownerOf(hashPosition(key))));
console.log(JSON.stringify({ checksums: tables.map(({ checksum }) => checksum), owners }));
`;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'routing-'));
  for (const part of ['errors', 'routing']) {
    mkdirSync(join(folder, part));
    for (const file of readdirSync(join(SOURCE, part))) {
      const compilerOptions = { module: ModuleKind.CommonJS, target: ScriptTarget.ES2022 };
      const { outputText } = transpileModule(readFileSync(join(SOURCE, part, file), 'utf8'), { compilerOptions });
      writeFileSync(join(folder, part, file.replace(/\.ts$/, '.js')), outputText);
    }
  }
});

afterAll(() => rmSync(folder, { recursive: true }));

describe('two processes', () => {
  it('agree on checksums, owners and on how a map changes, whatever the order of shards in their configuration', () => {
    const [members, more, keys] = [names(9), names(11), publishedKeys.slice(0, 200)];
    const input = JSON.stringify([[...members].reverse(), [...more].reverse(), keys]);
    const answer = execFileSync(process.execPath, ['-e', PROGRAM, join(folder, 'routing', 'index.js')], { input, encoding: 'utf8' });

    const tables = [
      hashRing().compile(members),
      hashRing({ virtualNodes: 160 }).compile(members),
      modulo([...members].sort()).compile(members),
    ];
    tables.push(hashRing().compile(more, tables[0]));
    const owners = [0, 1, 3].flatMap((table) => keys.map((key) => tables[table]!.ownerOf(hashPosition(key))));
    expect(JSON.parse(answer)).toEqual({ checksums: tables.map(({ checksum }) => checksum), owners });
  });
});
