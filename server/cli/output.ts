import type { Via } from './admin-access.ts';
import type { Invocation } from './command.ts';
import type { FlagDescription } from './flag-description.ts';
import { isOn } from './flags.ts';

/** Commands that make something that is shown once take it. */
export const quietFlag: FlagDescription = {
  name: 'quiet',
  placeholder: null,
  description: 'Print the value alone, for a script.',
  key: null,
};

/** What a command has to say. */
export interface Output {
  /** For machines: the document of the admin API. */
  readonly document: object;
  /** For people. */
  readonly lines: readonly string[];
  /** What `--quiet` prints. */
  readonly value?: string;
}

/**
 * Prints what a command found or did, in the form that was asked for; in JSON with what it was done through.
 * @returns the exit code, 0
 */
export function print({ flags, terminal }: Invocation, via: Via, { document, lines, value }: Output): number {
  if (isOn(flags, 'json')) terminal.stdout.write(`${JSON.stringify({ ...document, via }, null, 2)}\n`);
  else if (value !== undefined && isOn(flags, 'quiet')) terminal.stdout.write(`${value}\n`);
  else terminal.stdout.write(`${lines.join('\n')}\n`);
  return 0;
}

/** What is said of sessions that a change ends. */
export function endingLine(sessions: number): string {
  if (sessions === 0) return 'No session was open.';
  return sessions === 1 ? '1 session ends within two seconds.' : `${sessions} sessions end within two seconds.`;
}
