import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { awaitBinding, freePort } from '../binding-probe.ts';
import { serveArguments } from '../contestants/turnpike.ts';
import type { ScenarioContext } from './scenario.ts';

/** One start of Turnpike by the pinned Node. */
export interface StartSample {
  /** From before the process was spawned to its `ready` line. */
  readonly readyMs: number;
  /** From the same moment to the first answered Binding request. */
  readonly firstAnswerMs: number;
}

const longestStartMs = 10_000;

/** Starts the server again and again with a compile cache that the first starts, which are not counted, have filled. */
export async function measureStart(context: ScenarioContext): Promise<StartSample[]> {
  context.say(`start: ${context.options.starts} starts`);
  await startOnce(context);
  await startOnce(context);
  const samples: StartSample[] = [];
  for (let count = 0; count < context.options.starts; count++) samples.push(await startOnce(context));
  return samples;
}

async function startOnce(context: ScenarioContext): Promise<StartSample> {
  const { scratchDirectory, programs } = context.place;
  const port = await freePort();
  const args = await serveArguments(scratchDirectory, { port });
  const environment = { ...process.env, NODE_COMPILE_CACHE: join(scratchDirectory, 'compile-cache') };
  const startedMs = performance.now();
  const child = spawn(programs.launch, ['any', process.execPath, ...args], {
    env: environment,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const exited = once(child, 'exit');
  try {
    const readyMs = readyLine(child.stdout, child.stderr).then(() => performance.now() - startedMs);
    const firstAnswerMs = awaitBinding(port, longestStartMs).then(() => performance.now() - startedMs);
    const ended = exited.then(([code]) =>
      Promise.reject(new Error(`the server ended with ${String(code)} while starting`)),
    );
    const [ready, firstAnswer] = await Promise.race([Promise.all([readyMs, firstAnswerMs]), ended]);
    return { readyMs: ready, firstAnswerMs: firstAnswer };
  } finally {
    // An orderly end: Node writes its compile cache then.
    child.kill('SIGTERM');
    await exited;
  }
}

function readyLine(...outputs: readonly NodeJS.ReadableStream[]): Promise<void> {
  return new Promise((resolve) => {
    for (const output of outputs) {
      let text = '';
      output.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
        if (/"event":\s*"ready"/.test(text)) resolve();
      });
    }
  });
}
