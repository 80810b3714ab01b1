import type { Terminal } from './terminal.ts';
import type { ParsedFlags } from './flags.ts';
import type { FlagDescription } from './flag-description.ts';

/** What a command is run with. */
export interface Invocation {
  readonly flags: ParsedFlags;
  readonly terminal: Terminal;
}

/** One command of `turnpike`, in a file of its own that is loaded when it is called. */
export interface Command {
  readonly name: string;
  /** What it does, one sentence without a full stop. */
  readonly summary: string;
  /** Whole lines: a command line, then what it is for. */
  readonly examples: readonly (readonly [commandLine: string, meaning: string])[];
  /** What else there is to know, a paragraph each. */
  readonly notes: readonly string[];
  /** The flags beside those that every command takes. */
  readonly flags: readonly FlagDescription[];
  /**
   * Does it.
   * @returns the exit code
   * @throws errors that carry a code of the catalogue
   */
  run(invocation: Invocation): Promise<number>;
}
