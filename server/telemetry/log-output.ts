import type { Writable } from 'node:stream';
import type { LogSink } from './log.ts';

/** As much as waits in the process for a reader that is slow; lines beyond it are dropped. */
const maxQueuedBytes = 1024 * 1024;

/**
 * A log's way out, which must never be the end of the server: a reader that went away, a full disk and a reader that stands
 * still cost lines, and neither sessions nor memory. After an error of the stream nothing more is written.
 */
export class LogOutput implements LogSink {
  readonly #stream: Writable;
  readonly #onFirstLoss: (cause: string) => void;
  #hasLost = false;

  /** @param onFirstLoss told once, when the first line is lost */
  constructor(stream: Writable, onFirstLoss: (cause: string) => void) {
    this.#stream = stream;
    this.#onFirstLoss = onFirstLoss;
    stream.on('error', (error) => this.#lose(error.message));
  }

  /** Writes one line, its newline included, or drops it. */
  write(line: string): void {
    if (this.#stream.writableLength > maxQueuedBytes) this.#lose('its reader stands still');
    else if (!this.#stream.destroyed) this.#stream.write(line);
  }

  #lose(cause: string): void {
    if (this.#hasLost) return;
    this.#hasLost = true;
    this.#onFirstLoss(cause);
  }
}
