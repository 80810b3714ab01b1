import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { onTestFinished } from 'vitest';
import { main } from '../../server/cli/main.ts';

/** The file that the command line is run from. */
export const mainFile = join(import.meta.dirname, '../../server/cli/main.ts');

/** How a command ended. */
export interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** An empty directory that is removed after the test. */
export function temporaryDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'turnpike-cli-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

/** Runs a command line in this process, which is quick: nothing but the streams differs from a process of its own. */
export async function callTurnpike(
  words: readonly string[],
  cwd: string,
  environment: NodeJS.ProcessEnv = {},
  input = '',
): Promise<Outcome> {
  const stdin = new PassThrough();
  stdin.end(input);
  const stdout = new PassThrough();
  const stderr = new PassThrough();
  const texts = Promise.all([text(stdout), text(stderr)]);
  const asTerminal = (stream: PassThrough) => stream as unknown as NodeJS.WriteStream;
  const code = await main(words, {
    stdin: stdin as unknown as NodeJS.ReadStream,
    stdout: asTerminal(stdout),
    stderr: asTerminal(stderr),
    environment,
    cwd,
  });
  stdout.end();
  stderr.end();
  const [out, err] = await texts;
  return { code, stdout: out, stderr: err };
}

/** Runs the real command line in a process of its own, with no variable of Turnpike in its environment but those given. */
export function runTurnpike(
  words: readonly string[],
  cwd: string,
  environment: NodeJS.ProcessEnv = {},
): Promise<Outcome> {
  const inherited = Object.entries(process.env).filter(
    ([name]) => !name.startsWith('TURNPIKE_') && name !== 'NODE_OPTIONS',
  );
  const env = { ...Object.fromEntries(inherited), ...environment };
  const child = spawn(process.execPath, [mainFile, ...words], { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, stdout, stderr }));
  });
}
