import type { Terminal } from './terminal.ts';
import type { ParsedFlags } from './parsed-flags.ts';
import type { FlagDescription } from './flag-description.ts';

/** What a command is run with. */
export interface Invocation {
  readonly flags: ParsedFlags;
  /** The words that are no flags, by the names that the command gives them. */
  readonly positionals: ReadonlyMap<string, string>;
  readonly terminal: Terminal;
}

/** A word that a command takes in its place. */
export interface Positional {
  /** In capitals, as help shows it: `APP`. */
  readonly name: string;
  /** What it is, after "needs": `the id of an app`. */
  readonly meaning: string;
  /** It may be left out; only the last may. */
  readonly isOptional?: true;
}

/** One command of `turnpike`, loaded when it is called. */
export interface Command {
  /** As it is called: `ice`, or `secret rotate` where it belongs to a group. */
  readonly name: string;
  /** What it does, one sentence without a full stop. */
  readonly summary: string;
  /** Whole lines: a command line, then what it is for. */
  readonly examples: readonly (readonly [commandLine: string, meaning: string])[];
  /** What else there is to know, a paragraph each. */
  readonly notes: readonly string[];
  /** The words it takes beside flags, in their order; none when absent. */
  readonly positionals?: readonly Positional[];
  /** The flags beside those that every command takes. */
  readonly flags: readonly FlagDescription[];
  /**
   * Does it.
   * @returns the exit code
   * @throws errors that carry a code of the catalogue
   */
  run(invocation: Invocation): Promise<number>;
}

/** Commands about one thing, called by its name and a verb: `turnpike secret rotate`. */
export interface CommandGroup {
  readonly name: string;
  /** What they are about, one sentence without a full stop. */
  readonly summary: string;
  /** What they have in common, a paragraph each. */
  readonly notes: readonly string[];
  readonly subcommands: readonly Command[];
}

/** The word that stands in the place of a positional that is not optional. */
export function wordAt({ positionals }: Invocation, name: string): string {
  const word = positionals.get(name);
  if (word === undefined) throw new Error(`the command line was read without ${name}`);
  return word;
}
