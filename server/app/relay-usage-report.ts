import type { DirectionCounters } from '../seam/plane.ts';
import type { FailureCount, SessionId } from '../seam/session-event.ts';

/** What a session relayed since the last report. Bytes are payload bytes. */
export interface SessionUsage {
  readonly session: SessionId;
  readonly clientToPeer: DirectionCounters;
  readonly peerToClient: DirectionCounters;
}

/** What was relayed and refused since the last report: nothing twice, nothing left out. */
export interface UsageReport {
  readonly intervalMs: number;
  /** Those with traffic; one that has ended once more, after the event of its end. */
  readonly sessions: readonly SessionUsage[];
  /** Of all causes that an administrator may ask for; at most `maxFailureRows`. */
  readonly failures: readonly FailureCount[];
}

/** Numbers of a session in a packed report. */
const fields = 7;

/** A report as it crosses the threads: one array that changes hands, where objects would have to be copied one by one. */
export interface PackedUsage {
  readonly intervalMs: number;
  readonly sessions: Float64Array<ArrayBuffer>;
  readonly failures: readonly FailureCount[];
}

/** Packs a report. */
export function packUsage({ intervalMs, sessions, failures }: UsageReport): PackedUsage {
  const packed = new Float64Array(sessions.length * fields);
  for (const [at, { session, clientToPeer: up, peerToClient: down }] of sessions.entries()) {
    packed.set([session, up.packets, up.bytes, up.drops, down.packets, down.bytes, down.drops], at * fields);
  }
  return { intervalMs, sessions: packed, failures };
}

/** Unpacks a report. */
export function unpackUsage({ intervalMs, sessions: packed, failures }: PackedUsage): UsageReport {
  const sessions: SessionUsage[] = [];
  for (let at = 0; at < packed.length; at += fields) {
    sessions.push({
      session: packed[at]! as SessionId,
      clientToPeer: directionAt(packed, at + 1),
      peerToClient: directionAt(packed, at + 4),
    });
  }
  return { intervalMs, sessions, failures };
}

function directionAt(packed: Float64Array, at: number): DirectionCounters {
  return { packets: packed[at]!, bytes: packed[at + 1]!, drops: packed[at + 2]! };
}
