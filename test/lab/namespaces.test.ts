import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { promisify } from 'node:util';
import { expect, onTestFinished, test } from 'vitest';
import { Namespace, namespacesOf } from './namespaces.ts';

const run = promisify(execFile);

function spawnUntilTestEnds(program: string, ...args: readonly string[]): ChildProcess {
  const child = spawn(program, args, { stdio: 'ignore' });
  onTestFinished(() => void child.kill('SIGKILL'));
  return child;
}

test('what a killed run has left behind, the next one removes; what is in use stays', async (context) => {
  const addNamespace = await namespacesOf(context);
  const used = await addNamespace('used');
  // Its name bears the process that stands for the other run.
  const otherRun = spawnUntilTestEnds('sleep', '60');
  const abandoned = new Namespace(`turnpike-${otherRun.pid}-0123abcd-abandoned`);
  await run('ip', ['netns', 'add', abandoned.name]);
  onTestFinished(() => void run('ip', ['netns', 'delete', abandoned.name]).catch(() => undefined));
  const inhabitant = spawnUntilTestEnds('ip', 'netns', 'exec', abandoned.name, 'sleep', '60');
  const inhabitantEnded = once(inhabitant, 'exit');
  await namespacesOf(context);
  expect((await run('ip', ['netns', 'list'])).stdout).toContain(abandoned.name);

  otherRun.kill('SIGKILL');
  await once(otherRun, 'exit');
  await namespacesOf(context);
  expect(await inhabitantEnded).toEqual([null, 'SIGKILL']);
  const { stdout } = await run('ip', ['netns', 'list']);
  expect(stdout).not.toContain(abandoned.name);
  expect(stdout).toContain(used.name);
});
