/** As much as a socket may have waiting in the process when the kernel takes no more. */
export const maxQueuedBytes = 1024 * 1024;

/** Bytes that may be sent before the queue is asked for again: asking is a call into native code. */
const bytesBetweenChecks = 64 * 1024;

/** What a packet costs besides its bytes, so that empty ones are bounded as well. */
const packetOverheadBytes = 64;

/** Keeps a socket's send queue bounded. */
export class SendGate {
  readonly #socket: { getSendQueueSize(): number };
  #uncheckedBytes = bytesBetweenChecks;

  constructor(socket: { getSendQueueSize(): number }) {
    this.#socket = socket;
  }

  /** Whether a packet of this size may be sent; it is then counted as sent. */
  admits(bytes: number): boolean {
    this.#uncheckedBytes -= bytes + packetOverheadBytes;
    return this.#uncheckedBytes >= 0 || this.#check();
  }

  #check(): boolean {
    const admits = this.#socket.getSendQueueSize() <= maxQueuedBytes;
    this.#uncheckedBytes = admits ? bytesBetweenChecks : 0;
    return admits;
  }
}
