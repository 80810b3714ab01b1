import path from 'node:path';
import { projectRoot, RunningProgram, type ProgramOptions } from './running-program.ts';

/**
 * The environment of a user's terminal: none of what npm and bootstrap add for the programs they run, so that npm and
 * the Node.js that comes with it are the machine's own.
 */
export function terminalEnvironment(): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(
    ([name]) => !/^(npm_|NODE_COMPILE_CACHE$|NODE_ENV$|VITEST|INIT_CWD$)/.test(name),
  );
  const directories = (process.env.PATH ?? '').split(path.delimiter);
  const outside = directories.filter((directory) => !directory.startsWith(path.join(projectRoot, 'node_modules')));
  return { ...Object.fromEntries(kept), PATH: outside.join(path.delimiter) };
}

/** Runs the machine's npm as from a terminal. */
export function npm(args: readonly string[], options: ProgramOptions = {}): RunningProgram {
  return new RunningProgram('npm', args, { ...options, env: { ...terminalEnvironment(), ...options.env } });
}

/** What npm prints for `npm config get <name>`. */
export async function npmConfig(name: string): Promise<string> {
  const program = npm(['config', 'get', name]);
  await program.end;
  return program.stdout.trim();
}
