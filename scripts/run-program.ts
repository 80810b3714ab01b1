import { spawn } from 'node:child_process';
import path from 'node:path';

/** The project's directory. */
export const projectRoot = path.dirname(import.meta.dirname);

/** How a program ended, and what it wrote when that was captured. */
export interface ProgramEnd {
  readonly exitCode: number;
  readonly output: string;
}

/** Where a program's output goes: to this terminal as it comes, or into `ProgramEnd.output`, both streams in order. */
export type OutputMode = 'inherit' | 'capture';

/** Runs a program in the project's directory to its end. A program that cannot be started or dies by a signal counts as exit code 1. */
export function runProgram(
  program: string,
  args: readonly string[],
  output: OutputMode,
  env: NodeJS.ProcessEnv = process.env,
): Promise<ProgramEnd> {
  return new Promise((resolve) => {
    const pipe = output === 'capture' ? 'pipe' : 'inherit';
    const colours = output === 'capture' ? { NO_COLOR: '1', FORCE_COLOR: undefined } : {};
    const child = spawn(program, args, {
      cwd: projectRoot,
      env: { ...env, ...colours },
      stdio: ['ignore', pipe, pipe],
    });
    const written: string[] = [];
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => written.push(text));
    }
    child.on('error', (error) => resolve({ exitCode: 1, output: error.message }));
    child.on('close', (code) => resolve({ exitCode: code ?? 1, output: written.join('') }));
  });
}
