import { existsSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { relativeLinks, uncitedFiles, undocumentedExports } from './documentation.ts';
import { listFiles, projectRoot, readSources, readText, source } from './sources.ts';

const server = readSources('server');
const documents = ['README.md', 'CONTRIBUTING.md', 'CHANGELOG.md', 'SECURITY.md', ...listFiles('docs', /\.md$/)];

test('every export of the server has a docstring', () => {
  expect(undocumentedExports(server)).toEqual([]);
});

test('every handler of turn/ and every codec of stun/ cites the section it follows', () => {
  expect(uncitedFiles(server)).toEqual([]);
});

test('every relative link of a document leads to a file', () => {
  const links = documents.flatMap((document) => relativeLinks(document, readText(document)));
  const broken = links.filter(
    ({ document, target }) => !existsSync(path.join(projectRoot, path.dirname(document), target)),
  );
  expect(links.length).toBeGreaterThan(0);
  expect(broken).toEqual([]);
});

describe('the rules find', () => {
  test.each([
    'export function f(): void {}',
    'export const limit = 1;',
    'export interface Limits {}',
    '/* no docstring */ export class Limiter {}',
    '// no docstring\nexport type Limit = number;',
  ])('an export without a docstring: %s', (text) => {
    expect(undocumentedExports([source('server/turn/planted.ts', text)])).toHaveLength(1);
  });

  test('nothing wrong with a docstring, nor with what is not exported', () => {
    const text = '/** What it promises. */\nexport const limit = 1;\nfunction f() {}';
    expect(undocumentedExports([source('server/turn/planted.ts', text)])).toEqual([]);
  });

  test.each([
    ['no citation', '/** Handles Refresh. */', ['server/turn/planted.ts']],
    ['an RFC without its section', '/** Handles Refresh (RFC 8656). */', ['server/turn/planted.ts']],
    ['a citation', '/** Handles Refresh (RFC 8656 section 7.2). */', []],
    ['a citation across two lines', '/** Handles Refresh (RFC 8656\n * section 7.2). */', []],
    ['an erratum', '// RFC 8489 erratum 6268', []],
  ])('in a handler, %s', (_, comment, found) => {
    const handler = 'export function handleRefresh(): void {}';
    expect(uncitedFiles([source('server/turn/planted.ts', `${comment}\n${handler}`)])).toEqual(found);
  });

  test('nothing to cite in a container', () => {
    expect(uncitedFiles([source('server/turn/planted.ts', 'export class Heap {}')])).toEqual([]);
  });

  test('relative links alone', () => {
    const text = '[a](docs/a.md#top) [b](https://example.org/b) [c](#c) [d](../d.ts)';
    expect(relativeLinks('README.md', text).map((link) => link.target)).toEqual(['docs/a.md', '../d.ts']);
  });
});
