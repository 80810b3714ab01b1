import { describe, expect, test } from 'vitest';
import { longFiles, oddlyWrittenNames, vagueNames } from './layout.ts';
import { listFiles, readText } from './sources.ts';

const files = ['server', 'scripts', 'test'].flatMap((directory) => listFiles(directory, /\.(ts|mjs|cjs|c|h)$/));

test('no file or directory has a name that could hold anything', () => {
  expect(vagueNames(files)).toEqual([]);
});

test('source files are named in kebab-case', () => {
  expect(oddlyWrittenNames(files)).toEqual([]);
});

test('no source file is longer than 400 lines', () => {
  expect(files.length).toBeGreaterThan(0);
  expect(
    longFiles(
      files.map((path) => ({ path, text: readText(path) })),
      400,
    ),
  ).toEqual([]);
});

describe('the rules find', () => {
  test.each([
    'server/turn/utils.ts',
    'server/common/limits.ts',
    'server/app/session-manager.ts',
    'test/test-helpers.ts',
    'server/turn/index.ts',
  ])('%s', (file) => {
    expect(vagueNames([file, 'server/turn/allocate.ts'])).toEqual([file]);
  });

  test.each(['server/turn/portPool.ts', 'server/turn/PortPool.ts', 'server/turn/port_pool.ts'])('%s', (file) => {
    expect(oddlyWrittenNames([file, 'server/turn/port-pool.ts', 'test/turn/port-pool.test.ts'])).toEqual([file]);
  });

  test('a file of one line too many', () => {
    const short = { path: 'short.ts', text: 'x\n'.repeat(400) };
    const long = { path: 'long.ts', text: 'x\n'.repeat(401) };
    expect(longFiles([short, long], 400)).toEqual(['long.ts']);
  });
});
