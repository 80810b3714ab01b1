import { closeSync, ftruncateSync, openSync, rmSync, writeSync } from 'node:fs';
import { Worker } from 'node:worker_threads';

/** What the watchdog's thread is started with. */
export interface WatchdogSetup {
  /** How many inputs were begun. */
  readonly begun: SharedArrayBuffer;
  readonly longestMs: number;
  /** Printed when an input does not end: where it is, and what runs it again. */
  readonly message: string;
}

/**
 * Keeps in a file the input that is being run, because some inputs leave no other trace: those that never end, and those with
 * which V8 gives up. A thread ends the process when an input never ends, since nothing inside this one could.
 */
export class Watchdog {
  readonly #begun: Int32Array;
  readonly #worker: Worker;
  readonly #file: string;
  readonly #descriptor: number;

  /** `command` runs the file again. */
  constructor(file: string, command: string) {
    const begun = new SharedArrayBuffer(4);
    this.#begun = new Int32Array(begun);
    this.#file = file;
    this.#descriptor = openSync(file, 'w');
    const longestMs = 120_000;
    const message = `fuzz: an input does not end within ${longestMs / 1000} s: ${file}\n  again: ${command}\n`;
    const setup: WatchdogSetup = { begun, longestMs, message };
    this.#worker = new Worker(new URL('./watchdog-thread.ts', import.meta.url), { workerData: setup });
    this.#worker.unref();
  }

  /** The input that is about to be run. */
  watch(input: Uint8Array): void {
    ftruncateSync(this.#descriptor, input.length);
    writeSync(this.#descriptor, input, 0, input.length, 0);
    Atomics.add(this.#begun, 0, 1);
  }

  /** Nothing is running any more. */
  async close(): Promise<void> {
    closeSync(this.#descriptor);
    rmSync(this.#file, { force: true });
    await this.#worker.terminate();
  }
}
