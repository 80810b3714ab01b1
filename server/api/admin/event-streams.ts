import type { ServerResponse } from 'node:http';
import { RequestRefused } from '../request-failure.ts';
import type { RequestActor } from './actor.ts';
import type { EventFeed, FeedEvent } from './ports.ts';

/** Streams at once, and of one account or token: a person has some tabs open. */
const maxStreams = 64;
const maxStreamsPerActor = 8;
/** Proxies close what is silent for half a minute. */
const heartbeatMs = 15_000;
/** What a reader may lag behind before it is let go, in bytes. */
const maxUnsentBytes = 1_048_576;

interface Stream {
  readonly actor: RequestActor;
  readonly response: ServerResponse;
  readonly end: () => void;
}

/** What streams hang on. */
export interface EventStreamParts {
  readonly feed: EventFeed;
  /** Whether somebody who has a stream may still have it. */
  readonly isStillGood: (actor: RequestActor) => boolean;
}

/** Those who watch (server-sent events). A stream ends with the sign-in or token that opened it. */
export class EventStreams {
  readonly #parts: EventStreamParts;
  readonly #streams = new Set<Stream>();
  #heartbeat: NodeJS.Timeout | null = null;

  constructor(parts: EventStreamParts) {
    this.#parts = parts;
  }

  /** Open streams. */
  get size(): number {
    return this.#streams.size;
  }

  /** @throws RequestRefused `too_many_requests` when there is no room for one more of this actor */
  checkRoom(actor: RequestActor): void {
    const theirs = [...this.#streams].filter((stream) => idOf(stream.actor) === idOf(actor)).length;
    if (this.#streams.size < maxStreams && theirs < maxStreamsPerActor) return;
    throw new RequestRefused(
      'too_many_requests',
      `There are ${this.#streams.size} streams of events, ${theirs} of them yours; ${maxStreamsPerActor} of one and ${maxStreams} in all are served.`,
    );
  }

  /** Sends events to a response whose head has been written, until either side ends it. */
  open(actor: RequestActor, response: ServerResponse, lastId: number | undefined): void {
    // The listener's deadline for silent connections is not for a stream, whose heartbeat finds out who is gone.
    response.socket?.setTimeout(0);
    const unsubscribe = this.#parts.feed.subscribe((event) => send(response, event), lastId);
    const stream: Stream = { actor, response, end: () => response.end() };
    this.#streams.add(stream);
    this.#heartbeat ??= setInterval(() => this.#beat(), heartbeatMs).unref();
    response.once('close', () => {
      unsubscribe();
      this.#streams.delete(stream);
      if (this.#streams.size > 0 || this.#heartbeat === null) return;
      clearInterval(this.#heartbeat);
      this.#heartbeat = null;
    });
  }

  /** Ends the streams of those who may not have them any more. */
  review(): void {
    for (const stream of this.#streams) {
      if (!this.#isStillGood(stream.actor)) stream.end();
    }
  }

  /** Ends every stream. */
  close(): void {
    for (const stream of this.#streams) stream.end();
  }

  #beat(): void {
    this.review();
    for (const { response } of this.#streams) {
      if (!response.writableEnded) write(response, ':\n\n');
    }
  }

  /** While the database cannot be read nobody can be told to go. */
  #isStillGood(actor: RequestActor): boolean {
    try {
      return this.#parts.isStillGood(actor);
    } catch {
      return true;
    }
  }
}

function idOf(actor: RequestActor): string {
  return actor.who.kind === 'local' ? 'local' : `${actor.kind}/${actor.who.id}`;
}

function send(response: ServerResponse, { id, type, data }: FeedEvent): void {
  write(response, `id: ${id}\nevent: ${type}\ndata: ${JSON.stringify(data)}\n\n`);
}

/** A reader that does not read is let go: it asks again from where it was, and the ring may still have the rest. */
function write(response: ServerResponse, text: string): void {
  if (response.destroyed || response.writableEnded) return;
  response.write(text);
  if (response.writableLength > maxUnsentBytes) response.destroy();
}
