import { execFile } from 'node:child_process';
import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { chromium, pythonWithAioice, testTools, type TestTool } from '../../scripts/test-tools.ts';
import vitestConfig from '../../vitest.config.ts';
import { tempDir } from '../support/temp-dir.ts';

const unfit: TestTool = {
  name: 'a Python without the module',
  commands: ['python3'],
  probe: ['--with-module'],
  debianPackage: 'python3-module',
  projects: ['interop'],
  remedy: '',
};

const relay: TestTool = {
  name: 'a relay',
  commands: ['relay', 'relayd'],
  debianPackage: 'relayd',
  projects: ['lab', 'e2e'],
  remedy: '',
};

/** What the script prints on a machine whose PATH has these programs alone, each a shell script. */
async function printedWith(tools: readonly TestTool[], programs: Readonly<Record<string, string>>): Promise<string[]> {
  const directory = tempDir();
  for (const [name, body] of Object.entries(programs)) {
    const file = path.join(directory, name);
    writeFileSync(file, `#!/bin/sh\ncd ${directory}\n${body}\n`);
    chmodSync(file, 0o755);
  }
  const printMissing = `
    const { provideTools } = await import(${JSON.stringify(path.join(import.meta.dirname, '../../scripts/test-tools.ts'))});
    console.log(JSON.stringify((await provideTools(${JSON.stringify(tools)})).map((tool) => tool.projects)));`;
  const args = ['--input-type=module', '--eval', printMissing];
  const { stdout } = await promisify(execFile)(process.execPath, args, { env: { PATH: directory } });
  return stdout.trimEnd().split('\n');
}

test('a tool that is missing names each of its suites', async () => {
  expect(await printedWith([unfit, relay], {})).toEqual(['[["interop"],["lab","e2e"]]']);
});

test('any of several commands will do', async () => {
  expect(await printedWith([relay, chromium], { relayd: '', 'google-chrome': '' })).toEqual(['[]']);
});

test('a command that is there, but cannot do what it is wanted for, is missing', async () => {
  expect(await printedWith([unfit], { python3: 'exit 1' })).toEqual(['[["interop"]]']);
  expect(await printedWith([unfit], { python3: '[ "$1" = --with-module ]' })).toEqual(['[]']);
});

test('a later directory of PATH is searched when the command of an earlier one cannot do it', async () => {
  const able = path.join(tempDir(), 'python3');
  writeFileSync(able, '#!/bin/sh\n[ "$2" = "import aioice" ]\n');
  chmodSync(able, 0o755);
  const directory = tempDir();
  writeFileSync(path.join(directory, 'python3'), '#!/bin/sh\nexit 1\n');
  chmodSync(path.join(directory, 'python3'), 0o755);
  const find = `
    const { findCommand } = await import(${JSON.stringify(path.join(import.meta.dirname, '../../scripts/test-tools.ts'))});
    console.log(findCommand(${JSON.stringify(pythonWithAioice.commands)}, ${JSON.stringify(pythonWithAioice.probe)}));`;
  const env = { PATH: [directory, path.dirname(able)].join(path.delimiter) };
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', find], { env });
  expect(stdout.trimEnd()).toBe(able);
});

test('every suite of the table is a project of vitest, or leaving it out would leave out nothing', () => {
  const names = vitestConfig.test?.projects?.map((project) => (project as { test: { name: string } }).test.name);
  for (const tool of testTools) expect(names, tool.name).toEqual(expect.arrayContaining([...tool.projects]));
});

const release = existsSync('/etc/os-release') ? readFileSync('/etc/os-release', 'utf8') : '';
const isDebianRoot = process.getuid?.() === 0 && /^ID=debian$/m.test(release);

describe.runIf(isDebianRoot)('on Debian, as root, apt-get installs what is missing, and that is announced', () => {
  const tools = [unfit, relay];
  const install = 'for p in python3 relay; do echo > $p; /bin/chmod +x $p; done';

  test('at once', async () => {
    const printed = await printedWith(tools, { 'apt-get': `[ "$1" = install ] || exit 1; ${install}` });
    expect(printed).toEqual([expect.stringMatching(/installing python3-module, relayd with apt-get/) as string, '[]']);
  });

  test('after an update, when the lists are too old', async () => {
    const printed = await printedWith(tools, {
      'apt-get': `[ "$1" = update ] && echo > updated; [ -e updated ] || exit 100; ${install}`,
    });
    expect(printed.at(-1)).toBe('[]');
  });

  test('or its message is shown and the suites are left out', async () => {
    const printed = await printedWith(tools, { 'apt-get': 'echo E: no network; exit 100' });
    expect(printed).toContain('E: no network');
    expect(printed.at(-1)).toBe('[["interop"],["lab","e2e"]]');
  });
});
