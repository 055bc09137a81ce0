import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';

/** The project's folder. */
export const root = join(__dirname, '..', '..');

/** A fenced block of a Markdown file. */
export interface Block {
  /** Path of the file from the project's folder, with `/`. */
  readonly file: string;
  /** Line of the opening fence, from 1. */
  readonly line: number;
  /** The heading above it. */
  readonly heading: string;
  /** What stands behind the opening fence, for example `ts`; empty when nothing does. */
  readonly language: string;
  readonly code: string;
}

/** A link of a Markdown file, outside of its blocks. */
export interface Link {
  readonly file: string;
  readonly line: number;
  readonly target: string;
}

/** What a Markdown file holds, apart from its prose. */
export interface Document {
  readonly file: string;
  readonly blocks: readonly Block[];
  readonly links: readonly Link[];
  /** As `#fragment` of a link names each heading. */
  readonly anchors: readonly string[];
}

const IGNORED = new Set(['node_modules', 'build', 'dist', 'coverage', '.git', '.tmp']);

/** The Markdown files of the repository, without what is installed or built. */
export function markdownFiles(folder: string = root): readonly string[] {
  return readdirSync(folder, { withFileTypes: true })
    .filter(({ name }) => !IGNORED.has(name))
    .flatMap((entry) => {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) return markdownFiles(path);
      return entry.name.endsWith('.md') ? [relative(root, path).split(sep).join('/')] : [];
    })
    .sort();
}

/** Reads a Markdown file of the repository. */
export function readDocument(file: string): Document {
  return parseMarkdown(file, readFileSync(join(root, file), 'utf8'));
}

/**
 * Takes a Markdown text apart. It knows what these documents use: fences of three or more backticks at the start of a line, and
 * headings that begin with `#`.
 *
 * @throws Error for a fence that is not closed, that is indented, or that is made of tildes, since its code would go unseen.
 */
export function parseMarkdown(file: string, text: string): Document {
  const blocks: Block[] = [];
  const links: Link[] = [];
  const headings: string[] = [];
  const lines = text.split('\n');
  for (let index = 0; index < lines.length; index += 1) {
    const opening = /^(`{3,})(.*)$/.exec(lines[index]!);
    if (opening) {
      const end = lines.indexOf(opening[1]!, index + 1);
      if (end < 0) throw new Error(`${file}:${index + 1}: a fence is not closed.`);
      const code = lines.slice(index + 1, end).map((line) => `${line}\n`);
      blocks.push({ file, line: index + 1, heading: headings.at(-1) ?? '', language: opening[2]!.trim(), code: code.join('') });
      index = end;
      continue;
    }
    if (/^\s+`{3}|^\s*~{3}/.test(lines[index]!))
      throw new Error(`${file}:${index + 1}: fences stand at the start of a line, of backticks.`);
    const heading = /^#+ (.*)$/.exec(lines[index]!);
    if (heading) headings.push(heading[1]!);
    for (const [, target] of lines[index]!.matchAll(/\]\(([^)\s]+)\)/g)) links.push({ file, line: index + 1, target: target! });
  }
  return { file, blocks, links, anchors: headings.map(anchorOf) };
}

/** The fragment by which GitHub names a heading. */
function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N}_ -]/gu, '')
    .replace(/ /g, '-');
}

/** Every block of every Markdown file. */
export function allBlocks(): readonly Block[] {
  return markdownFiles().flatMap((file) => readDocument(file).blocks);
}
