import { existsSync } from 'node:fs';
import { join, posix } from 'node:path';
import { type Link, markdownFiles, readDocument, root } from './markdown';

const documents = new Map(markdownFiles().map((file) => [file, readDocument(file)]));
const links = [...documents.values()].flatMap((document) => document.links);

/** Why a link of the repository leads nowhere; undefined when it leads somewhere. */
function faultOf({ file, line, target }: Link): string | undefined {
  const [path, anchor] = target.split('#') as [string, string?];
  const wanted = path === '' ? file : posix.join(posix.dirname(file), path);
  if (!existsSync(join(root, wanted))) return `${file}:${line}: there is no ${wanted}.`;
  if (anchor === undefined) return undefined;
  return documents.get(wanted)?.anchors.includes(anchor) ? undefined : `${file}:${line}: ${wanted} has no heading #${anchor}.`;
}

describe('The links of the documents', () => {
  it('lead to files and headings that exist', () => {
    const inside = links.filter(({ target }) => !/^https?:/.test(target));
    expect(inside.length).toBeGreaterThan(20);
    expect(inside.flatMap((link) => faultOf(link) ?? [])).toEqual([]);
  });

  it('are noticed when they lead nowhere', () => {
    expect(faultOf({ file: 'docs/guide/calls.md', line: 1, target: 'nothing.md' })).toContain('there is no docs/guide/nothing.md');
    expect(faultOf({ file: 'docs/guide/calls.md', line: 1, target: '../../README.md#nothing' })).toContain('no heading #nothing');
    expect(faultOf({ file: 'docs/guide/calls.md', line: 1, target: '../../README.md#quick-start' })).toBeUndefined();
  });

  it('go out by https only', () => {
    expect(links.filter(({ target }) => target.startsWith('http:'))).toEqual([]);
  });

  it('lead to every guide from the README', () => {
    const guides = [...documents.keys()].filter((file) => file.startsWith('docs/') && file.endsWith('.md'));
    const linked = documents.get('README.md')!.links.map(({ target }) => target.split('#')[0]);
    expect(guides.filter((file) => !linked.includes(file))).toEqual([]);
  });
});
