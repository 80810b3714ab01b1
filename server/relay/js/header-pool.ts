const slots = 32;

/**
 * Header buffers of one size for one socket, used over and over. A send that the kernel takes at once is done with its
 * header when `send` returns; one that has to wait keeps it. So the pool starts again from its first buffer only when
 * nothing waits, and from new buffers otherwise.
 */
export class HeaderPool {
  readonly #socket: { getSendQueueCount(): number };
  readonly #size: number;
  #buffers: Buffer[];
  #next = 0;

  constructor(socket: { getSendQueueCount(): number }, size: number) {
    this.#socket = socket;
    this.#size = size;
    this.#buffers = allocate(size);
  }

  /** A buffer to write the next packet's header into. */
  take(): Buffer {
    if (this.#next === slots) {
      if (this.#socket.getSendQueueCount() > 0) this.#buffers = allocate(this.#size);
      this.#next = 0;
    }
    return this.#buffers[this.#next++]!;
  }
}

function allocate(size: number): Buffer[] {
  const whole = Buffer.alloc(slots * size);
  return Array.from({ length: slots }, (_, slot) => whole.subarray(slot * size, (slot + 1) * size));
}
