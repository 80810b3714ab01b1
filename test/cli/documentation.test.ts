import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { callTurnpike, temporaryDirectory } from './run-turnpike.ts';

const page = readFileSync(join(import.meta.dirname, '../../docs/commands.md'), 'utf8');

/** Every command, those of groups with their verb, as help names them. */
async function everyCommand(): Promise<string[]> {
  const { stdout } = await callTurnpike(['--help'], temporaryDirectory());
  const [, listed = ''] = /\nCommands:\n((?: {2}.*\n)+)/.exec(stdout) ?? [];
  const names = [...listed.matchAll(/^ {2}([a-z-]+)/gm)].map(([, name = '']) => name);
  const commands = await Promise.all(
    names.map(async (name) => {
      const help = (await callTurnpike([name, '--help'], temporaryDirectory())).stdout;
      const verbs = [...help.matchAll(new RegExp(`^ {2}${name} ([a-z-]+)`, 'gm'))].map(([, verb = '']) => verb);
      return help.includes(`Usage: turnpike ${name} COMMAND`) ? verbs.map((verb) => `${name} ${verb}`) : [name];
    }),
  );
  return commands.flat();
}

/** The rows of every table: a command, and an example of it. */
const rows = [...page.matchAll(/^\| `turnpike ([a-z -]+)` \| [^|]+ \| `([^`]+)` \|$/gm)].map(
  ([, command = '', example = '']) => ({ command, example }),
);

test('docs/commands.md has a row for every command, and for no other', async () => {
  const commands = await everyCommand();
  expect(commands.length).toBeGreaterThan(40);
  expect(rows.map(({ command }) => command).toSorted()).toEqual(commands.toSorted());
});

test.each(rows)('the example of "turnpike $command" is one of its help', async ({ command, example }) => {
  const { stdout } = await callTurnpike([...command.split(' '), '--help'], temporaryDirectory());
  // Two spaces and more part an example from its meaning.
  const commandLines = stdout.split('\n').map((line) => line.trim().split(/ {2,}/)[0]);
  expect(commandLines).toContain(example);
});
