import type { Transport } from '../contestants/contestant.ts';

/** What the soak's load counted since it began. */
export interface LoadCounts {
  /** Clients that take part in a call now. */
  live: number;
  /** Clients that came, by how they reach the server. */
  readonly arrived: Record<Transport, number>;
  /** Clients that released their allocation. */
  released: number;
  /** Clients that left without a word. */
  vanished: number;
  /** Media of clients that stayed to the end of their call, counted when the call was over. */
  mediaSent: number;
  mediaReceived: number;
  /** Media that arrived on a channel of a client that it was not for. */
  misdelivered: number;
  requests: number;
  /** Requests sent again because no answer had come in time. */
  retransmissions: number;
  /** Requests that nothing answered, however often they were sent. */
  unanswered: number;
  /** Answers that no client should have got, and other failures, by kind. */
  readonly failures: Record<string, number>;
  /** What those did who are no clients, by kind. */
  readonly strangers: Record<string, number>;
}

/** Counts what happens to the clients of a soak. */
export class Census {
  readonly counts: LoadCounts = {
    live: 0,
    arrived: { udp: 0, tcp: 0, tls: 0 },
    released: 0,
    vanished: 0,
    mediaSent: 0,
    mediaReceived: 0,
    misdelivered: 0,
    requests: 0,
    retransmissions: 0,
    unanswered: 0,
    failures: {},
    strangers: {},
  };

  /** Counts a failure of this kind. Kinds are this program's own words. */
  fail(kind: string): void {
    this.counts.failures[kind] = (this.counts.failures[kind] ?? 0) + 1;
  }

  /** Counts a deed of somebody who is no client. */
  stranger(kind: string): void {
    this.counts.strangers[kind] = (this.counts.strangers[kind] ?? 0) + 1;
  }
}
