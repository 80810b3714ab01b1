import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';

const running = new Set<ChildProcess>();

/** A server that says nothing for so long will not serve. */
const longestStartMs = 15_000;

/** A server under measurement. */
export interface RunningServer {
  readonly pid: number;
  readonly port: number;
  /** Where it serves TLS clients, if it does. */
  readonly tlsPort?: number;
  stop(): Promise<void>;
}

/** Kills every server that the bench started: for its own end, whatever the reason. */
export function killAll(): void {
  for (const child of running) child.kill('SIGKILL');
}

/** How to start a server. */
interface ServerCommand {
  readonly command: string;
  readonly args: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  /** Told of everything that it prints. */
  readonly onOutput?: (text: string) => void;
}

/** A started server whose readiness its starter still has to see to. */
export interface StartedProcess {
  readonly pid: number;
  /** Resolves at the JSON line with `"event":"ready"` on standard output; rejects when the process ends before. */
  readonly ready: Promise<void>;
  /** Resolves when it has ended, whatever the reason. */
  readonly ended: Promise<void>;
  stop(): Promise<void>;
}

/** Starts a server. What it prints is kept and shown only if it ends early. */
export function startServer({ command, args, environment, onOutput }: ServerCommand): StartedProcess {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...environment } });
  running.add(child);
  let output = '';
  const exited = once(child, 'exit').catch(() => undefined);
  const ready = new Promise<void>((resolve, reject) => {
    const timer = setTimeout(
      () => reject(new Error(`${args.join(' ')} was not ready after ${longestStartMs} ms:\n${output}`)),
      longestStartMs,
    );
    timer.unref();
    const hear = (text: string): void => {
      onOutput?.(text);
      if (output.length > 20_000) return;
      output += text;
      if (/"event":\s*"ready"/.test(output)) resolve();
    };
    child.stdout.setEncoding('utf8').on('data', hear);
    child.stderr.setEncoding('utf8').on('data', hear);
    child.on('error', (error) => reject(new Error(`cannot start ${command}: ${error.message}`)));
    child.on('exit', (code, signal) => {
      running.delete(child);
      reject(new Error(`${args.join(' ')} ended with ${signal ?? code} before it was ready:\n${output}`));
    });
  });
  // Servers that print no such line are waited for otherwise; their end is then found out by the load generator.
  ready.catch(() => undefined);
  return {
    pid: child.pid ?? 0,
    ready,
    ended: exited.then(() => undefined),
    stop: async () => {
      child.kill('SIGKILL');
      await exited;
    },
  };
}
