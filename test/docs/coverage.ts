import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type Kind, kindOf } from './kinds';
import { type Block, markdownFiles, readDocument, root } from './markdown';

/** How many blocks of one kind a file has, and what runs them. */
export interface CoverageRow {
  readonly file: string;
  readonly kind: string;
  readonly count: number;
  readonly by: string;
}

/** What runs the code blocks of the documents. */
export interface Coverage {
  readonly rows: readonly CoverageRow[];
  /** Files without a block. */
  readonly without: readonly string[];
  /** Blocks that nothing runs, each as a sentence. */
  readonly uncovered: readonly string[];
}

/** Finds for every block of every Markdown file what runs it. */
export function coverage(): Coverage {
  const documents = markdownFiles().map(readDocument);
  const uncovered: string[] = [];
  const rows = documents.flatMap(({ file, blocks }) => {
    const covered = blocks.flatMap((block) => runnerOf(block, uncovered));
    return [...new Set(covered)].map(({ name, by }) => ({
      file,
      kind: name,
      count: covered.filter((kind) => kind.name === name).length,
      by,
    }));
  });
  return { rows, uncovered, without: documents.filter(({ blocks }) => blocks.length === 0).map(({ file }) => file) };
}

function runnerOf(block: Block, uncovered: string[]): readonly Kind[] {
  try {
    const kind = kindOf(block);
    if (existsSync(join(root, kind.by))) return [kind];
    uncovered.push(`${block.file}:${block.line}: ${kind.by}, which runs every ${kind.name}, is not there.`);
  } catch (error) {
    uncovered.push((error as Error).message);
  }
  return [];
}

/** The coverage as lines to print, with the sum last. */
export function coverageLines({ rows, uncovered, without }: Coverage): readonly string[] {
  const covered = rows.reduce((sum, { count }) => sum + count, 0);
  const width = Math.max(...rows.map(({ file }) => file.length));
  const lines = rows.map(({ file, kind, count, by }) => `${file.padEnd(width)}  ${String(count).padStart(3)}  ${kind.padEnd(13)}  ${by}`);
  const percent = ((100 * covered) / (covered + uncovered.length)).toFixed(1);
  return [
    ...lines,
    ...without.map((file) => `${file.padEnd(width)}    0`),
    ...uncovered.map((each) => `NOT RUN  ${each}`),
    `${covered} of ${covered + uncovered.length} code blocks are run by a test: ${percent} %`,
  ];
}
