import { expect, test } from 'vitest';
import { tempDir } from '../support/temp-dir.ts';
import { npm } from './npm-command.ts';
import { loggedEvents, type RunningProgram } from './running-program.ts';
import { loopbackFlags, readyLine } from './serving.ts';

async function npmStart(flags: readonly string[] = []): Promise<RunningProgram> {
  const program = npm(['start', '--', ...loopbackFlags(tempDir()), ...flags]);
  await program.seen(readyLine);
  return program;
}

test('SIGTERM to npm start drains the server, and its exit code comes back', async () => {
  const program = await npmStart();
  program.signal('SIGTERM');
  expect(await program.end).toEqual({ code: 0, signal: null });
  expect(loggedEvents(program.stdout)).toContain('stopped');
});

test('one Ctrl-C, which reaches npm, launcher and server at once, drains the server', async () => {
  const program = await npmStart();
  program.signalGroup('SIGINT');
  expect(await program.end).toEqual({ code: 0, signal: null });
  expect(loggedEvents(program.stdout)).toContain('stopped');
});

test('the exit code of a refused start comes back through npm', async () => {
  const program = npm(['start', '--', '--turn-relay-ports=60000-50000']);
  expect(await program.end).toEqual({ code: 2, signal: null });
  expect(program.stderr).toMatch(/turn\.relayPorts/);
});

test('npx turnpike in the clone is the command line, and its standard output is its own', async () => {
  const program = npm(['exec', '--', 'turnpike', 'version', '--json']);
  expect(await program.end).toEqual({ code: 0, signal: null });
  expect(JSON.parse(program.stdout)).toMatchObject({ node: expect.stringMatching(/^v26\./) as string });
});
