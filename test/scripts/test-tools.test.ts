import { execFile } from 'node:child_process';
import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { tempDir } from '../support/temp-dir.ts';

const printMissing = `
  const { provideTools } = await import(${JSON.stringify(path.join(import.meta.dirname, '../../scripts/test-tools.ts'))});
  console.log(JSON.stringify((await provideTools()).map((tool) => tool.project)));`;

/** What the script prints on a machine whose PATH has these programs alone, each a shell script. */
async function printedWith(programs: Readonly<Record<string, string>>): Promise<string[]> {
  const directory = tempDir();
  for (const [name, body] of Object.entries(programs)) {
    const file = path.join(directory, name);
    writeFileSync(file, `#!/bin/sh\ncd ${directory}\n${body}\n`);
    chmodSync(file, 0o755);
  }
  const args = ['--input-type=module', '--eval', printMissing];
  const { stdout } = await promisify(execFile)(process.execPath, args, { env: { PATH: directory } });
  return stdout.trimEnd().split('\n');
}

test('suites whose tools are missing are named', async () => {
  expect(await printedWith({})).toEqual(['["e2e","interop","lab"]']);
});

test('any of several browsers will do', async () => {
  expect(await printedWith({ 'google-chrome': '', turnutils_uclient: '', ip: '' })).toEqual(['[]']);
});

const release = existsSync('/etc/os-release') ? readFileSync('/etc/os-release', 'utf8') : '';
const isDebianRoot = process.getuid?.() === 0 && /^ID=debian$/m.test(release);

describe.runIf(isDebianRoot)('on Debian, as root, apt-get installs what is missing, and that is announced', () => {
  const install = 'for p in chromium turnutils_uclient ip; do echo > $p; /bin/chmod +x $p; done';

  test('at once', async () => {
    const printed = await printedWith({ 'apt-get': `[ "$1" = install ] || exit 1; ${install}` });
    expect(printed).toEqual([
      expect.stringMatching(/installing chromium and coturn and iproute2 with apt-get/) as string,
      '[]',
    ]);
  });

  test('after an update, when the lists are too old', async () => {
    const printed = await printedWith({
      'apt-get': `[ "$1" = update ] && echo > updated; [ -e updated ] || exit 100; ${install}`,
    });
    expect(printed.at(-1)).toBe('[]');
  });

  test('or its message is shown and the suites are left out', async () => {
    const printed = await printedWith({ 'apt-get': 'echo E: no network; exit 100' });
    expect(printed).toContain('E: no network');
    expect(printed.at(-1)).toBe('["e2e","interop","lab"]');
  });
});
