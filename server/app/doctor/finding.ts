/** How bad something is: a `problem` keeps Turnpike from working, a `warning` may, or will. */
export type FindingLevel = 'ok' | 'warning' | 'problem';

/** What was found out of one thing. */
export interface Finding {
  /** What was looked at: stable, for machines. */
  readonly check: string;
  readonly level: FindingLevel;
  /** How it is, whole sentences. */
  readonly message: string;
  /** What to do; null where nothing is to be done. */
  readonly remedy: string | null;
}

/** It is as it should be. */
export function ok(check: string, message: string): Finding {
  return { check, level: 'ok', message, remedy: null };
}

/** It may go wrong. */
export function warning(check: string, message: string, remedy: string): Finding {
  return { check, level: 'warning', message, remedy };
}

/** It does not work. */
export function problem(check: string, message: string, remedy: string): Finding {
  return { check, level: 'problem', message, remedy };
}
