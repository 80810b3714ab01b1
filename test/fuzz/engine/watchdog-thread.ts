/** The thread of `Watchdog`. */
import { writeSync } from 'node:fs';
import { workerData } from 'node:worker_threads';
import type { WatchdogSetup } from './watchdog.ts';

const { begun, longestMs, message } = workerData as WatchdogSetup;
const count = new Int32Array(begun);
let seen = 0;
let sinceMs = performance.now();

setInterval(() => {
  const now = Atomics.load(count, 0);
  if (now !== seen || now === 0) {
    seen = now;
    sinceMs = performance.now();
  } else if (performance.now() - sinceMs > longestMs) {
    writeSync(2, message);
    process.kill(process.pid, 'SIGKILL');
  }
}, 1000);
