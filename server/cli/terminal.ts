/** Where a command reads and writes. */
export interface Terminal {
  /** What was asked for. */
  readonly stdout: NodeJS.WriteStream;
  /** Hints, warnings and errors. */
  readonly stderr: NodeJS.WriteStream;
  readonly environment: NodeJS.ProcessEnv;
  readonly cwd: string;
}
