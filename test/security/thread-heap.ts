import { once } from 'node:events';
import type { Worker } from 'node:worker_threads';

/** Bytes that a thread still holds after everything collectable is gone. */
export async function settledThreadHeapBytes(thread: Worker): Promise<number> {
  // A snapshot begins with a full collection, which nothing else brings about from outside. Its text is not wanted.
  for (let count = 0; count < 2; count++) {
    const snapshot = await thread.getHeapSnapshot();
    await once(snapshot.resume(), 'end');
  }
  const { used_heap_size: used, external_memory: external } = await thread.getHeapStatistics();
  return used + external;
}
