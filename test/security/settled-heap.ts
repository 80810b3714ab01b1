import { setImmediate as nextTurn } from 'node:timers/promises';

const collections = 4;

/** Bytes that this thread still holds after everything collectable is gone. Needs `--expose-gc`. */
export async function settledHeapBytes(): Promise<number> {
  if (globalThis.gc === undefined) throw new Error('run with --expose-gc');
  for (let count = 0; count < collections; count++) {
    globalThis.gc();
    // What finalisers let go goes with the next collection.
    await nextTurn();
  }
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
