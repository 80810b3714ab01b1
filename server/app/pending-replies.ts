import { EnvironmentError } from './errors.ts';

const replyTimeoutMs = 2_000;

interface Pending<Reply> {
  readonly resolve: (reply: Reply) => void;
  readonly reject: (error: Error) => void;
  readonly timer: NodeJS.Timeout;
}

/** Questions to the relay thread that wait for their answers. */
export class PendingReplies<Reply> {
  readonly #pending = new Map<number, Pending<Reply>>();
  #lastRequest = 0;

  /**
   * Asks, with a number that the answer repeats.
   * @throws EnvironmentError `relay_unavailable` when no answer comes within 2 s
   */
  ask(post: (request: number) => void): Promise<Reply> {
    this.#lastRequest += 1;
    const request = this.#lastRequest;
    post(request);
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => this.#take(request)?.reject(relayUnavailable()), replyTimeoutMs);
      this.#pending.set(request, { resolve, reject, timer });
    });
  }

  /** The answer has come. One that was given up is ignored. */
  settle(request: number, reply: Reply): void {
    this.#take(request)?.resolve(reply);
  }

  /** Nobody will answer any more. */
  failAll(): void {
    for (const request of [...this.#pending.keys()]) this.#take(request)?.reject(relayUnavailable());
  }

  #take(request: number): Pending<Reply> | undefined {
    const pending = this.#pending.get(request);
    this.#pending.delete(request);
    clearTimeout(pending?.timer);
    return pending;
  }
}

/** The relay thread is not there, or does not answer. */
export function relayUnavailable(): EnvironmentError {
  return new EnvironmentError(
    'relay_unavailable',
    'the relay thread does not answer; it is being restarted or overloaded.',
  );
}
