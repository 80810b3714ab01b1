import { exitCodeOf, type ConfigErrorCode, type ExitCode } from '../contract/error-codes.ts';

/** One thing that is wrong with the configuration. */
export interface ConfigProblem {
  readonly code: ConfigErrorCode;
  /** The key it is about, e.g. `turn.users[1].password`; the file's path when it is about the file as a whole. */
  readonly key: string;
  /** A complete message: the key, where the value comes from, the value unless it is secret, what is wrong, and what to write. */
  readonly message: string;
}

/** The configuration cannot be used. All problems are reported together; nothing was started. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly code: ConfigErrorCode = 'config_invalid';
  readonly exitCode: ExitCode = exitCodeOf('config_invalid');
  readonly problems: readonly ConfigProblem[];

  constructor(problems: readonly ConfigProblem[]) {
    const head =
      problems.length === 1 ? 'The configuration has a problem:' : `The configuration has ${problems.length} problems:`;
    super([head, ...problems.map((problem) => `  ${problem.message}`)].join('\n'));
    this.problems = problems;
  }
}
