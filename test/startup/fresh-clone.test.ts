import { readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { tempDir } from '../support/temp-dir.ts';
import { emptyHome, freshClone } from './fresh-clone.ts';
import { npm, terminalEnvironment } from './npm-command.ts';
import { RunningProgram } from './running-program.ts';
import { loopbackFlags, readyLine } from './serving.ts';

const timeoutMs = 180_000;
const installing = /turnpike: installing/;

test(
  'npm start in a fresh clone, for a user without settings: installs, serves, stops',
  { timeout: timeoutMs },
  async () => {
    const clone = freshClone();
    const lock = readFileSync(path.join(clone, 'package-lock.json'), 'utf8');
    const options = { cwd: clone, env: await emptyHome() };
    const startedMs = performance.now();
    const first = npm(['start', '--', ...loopbackFlags(tempDir())], options);
    await first.seen(readyLine);
    expect(performance.now() - startedMs).toBeLessThan(60_000);
    expect(first.stderr).toMatch(installing);
    first.signal('SIGTERM');
    expect(await first.end).toEqual({ code: 0, signal: null });
    expect(readFileSync(path.join(clone, 'package-lock.json'), 'utf8')).toBe(lock);

    // Some versions of npm do not make this link; nothing may need it.
    rmSync(path.join(clone, 'node_modules/.bin/node'), { force: true });
    const second = npm(['start', '--', ...loopbackFlags(tempDir())], options);
    await second.seen(readyLine);
    expect(second.output).not.toMatch(installing);
    second.signalGroup('SIGINT');
    expect(await second.end).toEqual({ code: 0, signal: null });
  },
);

test('the same with npm 10', { timeout: timeoutMs }, async () => {
  const env = await emptyHome();
  const directory = tempDir();
  const installed = npm(['install', '--prefix', directory, '--no-audit', '--no-fund', 'npm@10'], {
    cwd: directory,
    env,
  });
  expect(await installed.end).toEqual({ code: 0, signal: null });
  const npm10 = path.join(directory, 'node_modules/npm/bin/npm-cli.js');
  const options = { cwd: freshClone(), env: { ...terminalEnvironment(), ...env } };
  const start = (): RunningProgram =>
    new RunningProgram('node', [npm10, 'start', '--', ...loopbackFlags(tempDir())], options);

  const first = start();
  await first.seen(readyLine);
  expect(first.stderr).toMatch(installing);
  first.signal('SIGTERM');
  expect(await first.end).toEqual({ code: 0, signal: null });

  const second = start();
  await second.seen(readyLine);
  expect(second.output).not.toMatch(installing);
  second.signalGroup('SIGINT');
  expect(await second.end).toEqual({ code: 0, signal: null });
});
