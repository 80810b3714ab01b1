import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import type { Terminal } from './terminal.ts';
import { UsageError } from './usage-error.ts';

/** As many bits as nobody guesses, as text that can be typed. */
const generatedBytes = 18;
const ctrlC = '\u0003';
const backspaces: ReadonlySet<string> = new Set(['\u007f', '\b']);

/**
 * The first line of a file that holds a secret; `-` is standard input.
 * @throws UsageError when it cannot be read, or is empty
 */
export async function readFirstLine({ stdin, cwd }: Terminal, file: string): Promise<string> {
  const content = file === '-' ? await text(stdin) : await readText(resolve(cwd, file));
  const [line = ''] = content.split(/\r?\n/, 1);
  if (line === '') throw new UsageError(`${file === '-' ? 'standard input' : file} has no first line with the secret.`);
  return line;
}

/** A password that nobody has to choose. */
export function generatePassword(): string {
  return randomBytes(generatedBytes).toString('base64url');
}

/** Whether there is somebody who can be asked. */
export function canAsk({ stdin, stderr }: Terminal): boolean {
  return stdin.isTTY && stderr.isTTY;
}

/**
 * Asks for a new password, twice, without showing it.
 * @throws UsageError when the two differ, or the question is cancelled
 */
export async function askPassword(terminal: Terminal): Promise<string> {
  const password = await askHidden(terminal, 'Password: ');
  if ((await askHidden(terminal, 'Again: ')) === password) return password;
  throw new UsageError('the two passwords differ. Run the command again.');
}

async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    throw new UsageError(`cannot read ${path}: ${error instanceof Error ? error.message : String(error)}.`);
  }
}

function askHidden({ stdin, stderr }: Terminal, question: string): Promise<string> {
  stderr.write(question);
  stdin.setEncoding('utf8');
  stdin.setRawMode(true);
  stdin.resume();
  let typed = '';
  return new Promise((done, fail) => {
    const end = (settle: () => void): void => {
      stdin.off('data', onData);
      stdin.setRawMode(false);
      stdin.pause();
      stderr.write('\n');
      settle();
    };
    const onData = (chunk: string): void => {
      for (const character of chunk) {
        if (character === ctrlC) return end(() => fail(new UsageError('cancelled.')));
        if (character === '\r' || character === '\n') return end(() => done(typed));
        typed = backspaces.has(character) ? Array.from(typed).slice(0, -1).join('') : typed + character;
      }
    };
    stdin.on('data', onData);
  });
}
