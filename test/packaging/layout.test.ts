import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { LayoutError, writeLayout } from '../../scripts/layout.ts';
import { terminalEnvironment } from '../startup/npm-command.ts';
import { projectRoot, RunningProgram } from '../startup/running-program.ts';
import { tempDir } from '../support/temp-dir.ts';

/** What tells a layout from other directories. */
const olderFiles = ['package.json', 'bin/node', 'bin/turnpike', 'server/cli/turnpike.js'];
const layoutTimeoutMs = 120_000;
let directory: string;
let layout: string;

beforeAll(async () => {
  directory = mkdtempSync(path.join(tmpdir(), 'turnpike-layout-'));
  layout = path.join(directory, 'turnpike');
  writeOlderLayout(layout);
  writeFileSync(path.join(layout, 'left-over'), '');
  const umask = process.umask(0o077);
  try {
    await writeLayout(layout);
  } finally {
    process.umask(umask);
  }
}, layoutTimeoutMs);

afterAll(() => rmSync(directory, { recursive: true, force: true }));

test('holds Node.js, the command, the compiled server and its packages', () => {
  expect(readdirSync(layout).sort()).toEqual(
    ['CHANGELOG.md', 'LICENSE', 'README.md', 'bin', 'config', 'node_modules', 'package.json', 'server'].sort(),
  );
  expect(readdirSync(path.join(layout, 'bin')).sort()).toEqual(['node', 'node.LICENSE', 'turnpike']);
  expect(readdirSync(directory)).toEqual(['turnpike']);
});

test('its packages are those that npm would install for production', () => {
  const args = ['ls', '--omit=dev', '--omit=optional', '--all', '--parseable'];
  const listed = execFileSync('npm', args, { cwd: projectRoot, env: terminalEnvironment(), encoding: 'utf8' });
  const wanted = listed
    .split('\n')
    .filter((line) => line.includes('/node_modules/') && !line.includes('/node_modules/@turnpike/'))
    .map((line) => path.relative(projectRoot, line));
  const manifests = readdirSync(path.join(layout, 'node_modules'), { recursive: true, encoding: 'utf8' })
    .map((file) => path.join('node_modules', file))
    .filter((file) => /(^|\/)node_modules\/(@[^/]+\/)?[^/@]+\/package\.json$/.test(file));
  expect(manifests.map((file) => path.dirname(file)).sort()).toEqual(wanted.sort());
});

test('everybody may read it, and nobody but its owner write it, whatever the umask was', () => {
  const entries = readdirSync(layout, { recursive: true, withFileTypes: true });
  const modes = entries.map((entry) => {
    const mode = statSync(path.join(entry.parentPath, entry.name)).mode & 0o777;
    return `${entry.isDirectory() ? 'directory' : 'file'} ${mode.toString(8)}`;
  });
  expect([...new Set(modes)].sort()).toEqual(['directory 755', 'file 644', 'file 755']);
});

test('its command runs the Node.js beside it, from a link and another directory', async () => {
  const links = tempDir();
  execFileSync('ln', ['-s', path.join(layout, 'bin/turnpike'), path.join(links, 'turnpike')]);
  const command = new RunningProgram(path.join(links, 'turnpike'), ['version', '--json'], {
    cwd: '/',
    env: { PATH: '/usr/bin:/bin' },
  });
  expect(await command.end).toEqual({ code: 0, signal: null });
  const { version } = JSON.parse(readFileSync(path.join(projectRoot, 'package.json'), 'utf8')) as { version: string };
  const pinned = JSON.parse(readFileSync(path.join(projectRoot, 'scripts/runtime/package.json'), 'utf8')) as {
    optionalDependencies: Record<string, string>;
  };
  const node = pinned.optionalDependencies[`node-linux-${process.arch}`];
  expect(JSON.parse(command.stdout)).toMatchObject({ version, node: `v${String(node)}` });
});

test.each<[string, (directory: string) => void]>([
  ['no part of a layout', () => undefined],
  [
    'a link to the installed command, as /usr/local does',
    (directory) => {
      mkdirSync(path.join(directory, 'bin'));
      symlinkSync('/opt/turnpike/bin/turnpike', path.join(directory, 'bin/turnpike'));
    },
  ],
  [
    'a link to the command of a layout that is there',
    (directory) => {
      mkdirSync(path.join(directory, 'bin'));
      symlinkSync(path.join(layout, 'bin/turnpike'), path.join(directory, 'bin/turnpike'));
    },
  ],
  ['a command of that name and a Node.js', (directory) => writeOlderLayout(directory, ['bin/node', 'bin/turnpike'])],
  ...olderFiles.map((missing): [string, (directory: string) => void] => [
    `a layout without ${missing}`,
    (directory) =>
      writeOlderLayout(
        directory,
        olderFiles.filter((file) => file !== missing),
      ),
  ]),
  [
    'a layout whose command is a link',
    (directory) => {
      writeOlderLayout(directory);
      rmSync(path.join(directory, 'bin/turnpike'));
      symlinkSync('node', path.join(directory, 'bin/turnpike'));
    },
  ],
  [
    'another package',
    (directory) => {
      writeOlderLayout(directory);
      writeFileSync(path.join(directory, 'package.json'), '{ "name": "another" }');
    },
  ],
  [
    'a manifest that is none',
    (directory) => {
      writeOlderLayout(directory);
      writeFileSync(path.join(directory, 'package.json'), '{');
    },
  ],
])('a directory that holds %s is refused and stays as it is', async (_what, fill) => {
  const occupied = path.join(tempDir(), 'data');
  mkdirSync(occupied);
  writeFileSync(path.join(occupied, 'precious'), '');
  fill(occupied);
  const before = readdirSync(occupied, { recursive: true }).sort();
  await expect(writeLayout(occupied)).rejects.toThrow(LayoutError);
  expect(readdirSync(occupied, { recursive: true }).sort()).toEqual(before);
});

test('a link to a layout is refused, and the layout stays', async () => {
  const linked = path.join(tempDir(), 'linked');
  symlinkSync(layout, linked);
  await expect(writeLayout(linked)).rejects.toThrow(LayoutError);
  expect(existsSync(path.join(linked, 'bin/turnpike'))).toBe(true);
});

test('the layout that was there is replaced, with what somebody left in it', () => {
  expect(existsSync(path.join(layout, 'left-over'))).toBe(false);
});

/** The files by which a layout is known, with nothing in them to run. */
function writeOlderLayout(at: string, files: readonly string[] = olderFiles): void {
  for (const file of files) {
    mkdirSync(path.dirname(path.join(at, file)), { recursive: true });
    writeFileSync(path.join(at, file), file === 'package.json' ? '{ "name": "turnpike" }' : '');
  }
}
