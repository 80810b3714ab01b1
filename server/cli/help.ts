import type { Command, CommandGroup } from './command.ts';
import { generalFlags, type FlagDescription } from './flag-description.ts';
import { usageOf } from './flags.ts';
import { wrapText } from './wrap-text.ts';

const width = 100;

/** The help of `turnpike` as a whole. */
export function generalHelp(commands: readonly (Command | CommandGroup)[]): string {
  const examples = [
    ['turnpike serve', 'serve with the defaults; nothing needs to be configured'],
    ['turnpike ice', 'print iceServers to paste into a page'],
    ['turnpike serve --turn-realm example.org --public-host turn.example.org', 'name the server'],
    ['turnpike check-config', 'show every setting and where it comes from'],
    ['turnpike admin setup-link', 'the way into the console'],
    ['turnpike secret rotate default --overlap 24h', 'a new secret, while the old one still works'],
  ] as const;
  return [
    'Turnpike: a STUN/TURN server for WebRTC in one process.',
    '',
    'Usage: turnpike COMMAND [flags]        in a clone: npx turnpike COMMAND, or npm start -- [flags] to serve',
    '',
    'Examples:',
    ...exampleLines(examples),
    '',
    'Commands:',
    ...commands.map(({ name, summary }) => `  ${name.padEnd(14)}${summary}`),
    '',
    'Flags of every command:',
    ...generalFlags.flatMap(flagLines),
    '',
    '"turnpike COMMAND --help" tells about one command. Exit codes: 0 done; 1 the host or the server does not do what was',
    'asked; 2 the configuration or the command line is wrong.',
    '',
  ].join('\n');
}

/** The help of one command. */
export function commandHelp(command: Command): string {
  const own = command.flags.length === 0 ? [] : ['', 'Flags:', ...command.flags.flatMap(flagLines)];
  return [
    `${command.summary}.`,
    '',
    `Usage: ${usageOf(command)} [flags]`,
    '',
    'Examples:',
    ...exampleLines(command.examples),
    ...command.notes.flatMap((note) => ['', ...wrapText(note, width)]),
    ...own,
    '',
    'Flags of every command:',
    ...generalFlags.flatMap(flagLines),
    '',
  ].join('\n');
}

/** The help of a group of commands. */
export function groupHelp(group: CommandGroup): string {
  const rows = group.subcommands.map(
    (command) => [usageOf(command).slice('turnpike '.length), command.summary] as const,
  );
  return [
    `${group.summary}.`,
    '',
    `Usage: turnpike ${group.name} COMMAND [flags]`,
    '',
    'Commands:',
    ...exampleLines(rows),
    ...group.notes.flatMap((note) => ['', ...wrapText(note, width)]),
    '',
    'Flags of every command:',
    ...generalFlags.flatMap(flagLines),
    '',
    `"turnpike ${group.name} COMMAND --help" tells about one command.`,
    '',
  ].join('\n');
}

function exampleLines(examples: readonly (readonly [string, string])[]): string[] {
  const column = Math.min(48, Math.max(...examples.map(([line]) => line.length)));
  return examples.map(([line, meaning]) =>
    line.length > column ? `  ${line}\n  ${' '.repeat(column)}  ${meaning}` : `  ${line.padEnd(column)}  ${meaning}`,
  );
}

function flagLines({ name, placeholder, description, names }: FlagDescription): string[] {
  const head = `  --${name}${placeholder === null ? '' : ` ${placeholder}`}`;
  const body = [...wrapText(description, width - 6), ...(names === undefined ? [] : [`(${names})`])];
  return [head, ...body.map((line) => `      ${line}`)];
}
