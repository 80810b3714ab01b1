/** Where a command reads and writes. */
export interface Terminal {
  /** Read where a flag says so, and where somebody is asked. */
  readonly stdin: NodeJS.ReadStream;
  /** What was asked for. */
  readonly stdout: NodeJS.WriteStream;
  /** Hints, warnings and errors. */
  readonly stderr: NodeJS.WriteStream;
  readonly environment: NodeJS.ProcessEnv;
  readonly cwd: string;
}
