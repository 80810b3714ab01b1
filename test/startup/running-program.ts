import { spawn, type ChildProcess } from 'node:child_process';
import path from 'node:path';
import { onTestFinished } from 'vitest';

/** The project's directory. */
export const projectRoot = path.join(import.meta.dirname, '../..');

/** How a program ended. */
export interface ProgramEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** What a program is started with. */
export interface ProgramOptions {
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  /** The user to run as; only root may choose one. */
  readonly uid?: number;
}

/** A program in a process group of its own, as a terminal starts one. The group is killed when the test ends. */
export class RunningProgram {
  readonly end: Promise<ProgramEnd>;
  stdout = '';
  stderr = '';
  readonly #child: ChildProcess;
  #ended = false;
  #onOutput: () => void = () => undefined;

  constructor(program: string, args: readonly string[], options: ProgramOptions = {}) {
    this.#child = spawn(program, args, {
      cwd: projectRoot,
      ...options,
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.stdout += text;
      this.#onOutput();
    });
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.stderr += text;
      this.#onOutput();
    });
    this.end = new Promise((resolve, reject) => {
      this.#child.on('error', reject);
      this.#child.on('close', (code, signal) => {
        this.#ended = true;
        this.#onOutput();
        resolve({ code, signal });
      });
    });
    onTestFinished(() => this.#killGroup());
  }

  /** All that was written so far. */
  get output(): string {
    return this.stdout + this.stderr;
  }

  /** Whether the program has ended. */
  get hasEnded(): boolean {
    return this.#ended;
  }

  /** Resolves when the output matches; rejects when the program ends before. */
  async seen(pattern: RegExp): Promise<void> {
    while (!pattern.test(this.output)) {
      if (this.#ended) throw new Error(`ended without ${String(pattern)}:\n${this.output}`);
      await new Promise<void>((resolve) => (this.#onOutput = resolve));
    }
  }

  /** Signals the started process alone, as `kill` does. */
  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** Signals the whole process group, as a terminal does on Ctrl-C. */
  signalGroup(signal: NodeJS.Signals): void {
    process.kill(-this.#groupId(), signal);
  }

  #groupId(): number {
    if (this.#child.pid === undefined) throw new Error('the program was not started');
    return this.#child.pid;
  }

  #killGroup(): void {
    if (this.#child.pid === undefined) return;
    try {
      this.signalGroup('SIGKILL');
    } catch {
      // Nobody of the group is left, which is what is wanted.
    }
  }
}

/** The event names of a log of JSON lines; other lines are left out. */
export function loggedEvents(output: string): string[] {
  return output
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => (JSON.parse(line) as { event: string }).event);
}
