import { parseArgs } from 'node:util';
import { nearest } from '../config/nearest.ts';
import type { FlagTexts } from '../config/layers.ts';
import type { ConfigSources } from '../config/load.ts';
import type { ConfigKey } from '../contract/config.ts';
import type { Command, Positional } from './command.ts';
import { generalFlags, type FlagDescription } from './flag-description.ts';
import type { ParsedFlags } from './parsed-flags.ts';
import type { Terminal } from './terminal.ts';
import { UsageError } from './usage-error.ts';

/** What follows a command. */
export interface ParsedWords {
  readonly flags: ParsedFlags;
  readonly positionals: ReadonlyMap<string, string>;
}

/**
 * Reads the words after a command.
 * @throws UsageError for a flag that the command does not take, one that lacks its value, and a word too many or too few
 */
export function parseWords(
  { name: command, flags: own, positionals: expected = [] }: Pick<Command, 'name' | 'flags' | 'positionals'>,
  words: readonly string[],
): ParsedWords {
  const known = [...generalFlags, ...own];
  const options = Object.fromEntries(
    known.map(({ name, placeholder }) => [
      name,
      { type: placeholder === null ? 'boolean' : 'string', multiple: true } as const,
    ]),
  );
  const flags = new Map<string, string[]>();
  const found: string[] = [];
  const { tokens } = parseArgs({ args: [...words], options, strict: false, allowPositionals: true, tokens: true });
  for (const token of tokens) {
    if (token.kind === 'option-terminator') continue;
    if (token.kind === 'positional') {
      if (found.length === expected.length) throw new UsageError(unexpectedWord(command, token.value, expected));
      found.push(token.value);
      continue;
    }
    const description = known.find(({ name }) => name === token.name);
    if (description === undefined) throw new UsageError(unknownFlag(command, token.rawName, known));
    flags.set(token.name, [...(flags.get(token.name) ?? []), textOf(description, token.value, token.inlineValue)]);
  }
  return { flags, positionals: placed(command, found, expected) };
}

function placed(command: string, found: readonly string[], expected: readonly Positional[]): Map<string, string> {
  const positionals = new Map<string, string>();
  for (const [index, { name, meaning, isOptional }] of expected.entries()) {
    const word = found[index];
    if (word !== undefined && word !== '') positionals.set(name, word);
    else if (isOptional === undefined) {
      const usage = usageOf({ name: command, positionals: expected });
      throw new UsageError(`"turnpike ${command}" needs ${meaning}: ${usage}.`);
    }
  }
  return positionals;
}

/** How a command is called, without its flags: `turnpike secret rotate APP`. */
export function usageOf({ name, positionals = [] }: Pick<Command, 'name' | 'positionals'>): string {
  const places = positionals.map((place) => (place.isOptional === true ? ` [${place.name}]` : ` ${place.name}`));
  return `turnpike ${name}${places.join('')}`;
}

/** The last text of a flag, or undefined. */
export function lastOf(flags: ParsedFlags, name: string): string | undefined {
  return flags.get(name)?.at(-1);
}

/** Whether a switch is on. */
export function isOn(flags: ParsedFlags, name: string): boolean {
  return lastOf(flags, name) === 'true';
}

/** Where the configuration is to be read from. */
export function configSources(
  flags: ParsedFlags,
  known: readonly FlagDescription[],
  terminal: Terminal,
): ConfigSources {
  const texts = known.flatMap(({ name, key }): [ConfigKey, readonly string[]][] => {
    const given = flags.get(name);
    return key === null || given === undefined ? [] : [[key, given]];
  });
  const flagTexts: FlagTexts = new Map(texts);
  return {
    flags: flagTexts,
    environment: terminal.environment,
    cwd: terminal.cwd,
    configFile: lastOf(flags, 'config'),
  };
}

function textOf(
  { name, placeholder }: FlagDescription,
  value: string | undefined,
  inline: boolean | undefined,
): string {
  if (placeholder === null) {
    if (value === undefined || value === 'true') return 'true';
    if (value === 'false') return 'false';
    throw new UsageError(`--${name} is a switch. Write --${name}, --${name}=true or --${name}=false.`);
  }
  // The next flag is no value, or a forgotten one would swallow it.
  if (value === undefined || (inline === false && value.startsWith('--'))) {
    throw new UsageError(`--${name} needs a value: --${name} ${placeholder}.`);
  }
  return value;
}

function unexpectedWord(command: string, word: string, expected: readonly Positional[]): string {
  const call = expected.length === 0 ? '' : `It is called as ${usageOf({ name: command, positionals: expected })}. `;
  return `"${word}" is not expected after "${command}". ${call}Flags begin with --; "turnpike ${command} --help" lists them.`;
}

function unknownFlag(command: string, word: string, known: readonly FlagDescription[]): string {
  const meant = nearest(
    word,
    known.map(({ name }) => `--${name}`),
  );
  const fix = meant === undefined ? `"turnpike ${command} --help" lists its flags.` : `Did you mean ${meant}?`;
  return `"turnpike ${command}" has no flag ${word}. ${fix}`;
}
