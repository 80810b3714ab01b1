import type { FailureCause, FailureGroup } from '../contract/failure-groups.ts';
import { classifyFailure } from './failure-groups.ts';
import { Tally } from './tally.ts';

/** A request that was refused, in plain values. */
export interface Refusal {
  readonly cause: FailureCause;
  /** As the client sent it; null before one was read. */
  readonly username: string | null;
  /** The Unix time in seconds that the username begins with; null where it begins with none. */
  readonly expiresAtS: number | null;
  /** The app that the credential belongs to, or says that it does; null for none. */
  readonly app: string | null;
  readonly transport: 'udp' | 'tcp' | 'tls';
  readonly client: { readonly address: string; readonly port: number };
  /** The address of the peer that a `peer-denied` is about. */
  readonly peer: string | null;
}

/** A refusal as an administrator is shown it. */
export interface FailureSample extends Refusal {
  readonly atMs: number;
  readonly group: FailureGroup;
  /** What its username tells of the reason, or the line of the configuration that would admit the peer. */
  readonly hint: string | null;
}

/** Refusals that were counted, exactly, by the relay. */
export interface CountedFailure {
  readonly cause: FailureCause;
  readonly count: number;
}

/** Samples that are kept of each group, so that a flood of one does not hide the others. */
const samplesPerGroup = 100;

/**
 * Why requests are refused: the exact number by cause, and the last few of each group in full. Bounded, whatever strangers send
 * (SECURITY.md 14).
 */
export class FailureLog {
  readonly #samples = new Map<FailureGroup, FailureSample[]>();
  readonly #totals = new Tally<FailureCause>();
  readonly #sinceSummary = new Tally<FailureCause>();

  /** Takes a refusal among the samples. Of a flood the relay tells a part only: it is counted by `count`. */
  note(refusal: Refusal, nowMs: number): FailureSample {
    const { group, hint } = classifyFailure(refusal.cause, refusal.expiresAtS, nowMs);
    const toAllow = refusal.peer === null ? null : `to allow it: ${peerAllowLine(refusal.peer)}`;
    const sample: FailureSample = { ...refusal, atMs: nowMs, group, hint: hint ?? toAllow };
    const samples = this.#samples.get(group) ?? [];
    this.#samples.set(group, samples);
    samples.push(sample);
    if (samples.length > samplesPerGroup) samples.shift();
    return sample;
  }

  /** Adds what the relay has counted. */
  count(failures: Iterable<CountedFailure>): void {
    for (const { cause, count } of failures) {
      this.#totals.add(cause, count);
      this.#sinceSummary.add(cause, count);
    }
  }

  /** How often requests were refused since the start, by cause: exact. */
  get totals(): ReadonlyMap<FailureCause, number> {
    return this.#totals.counts;
  }

  /** Samples, the newest first. `group` null: of all. */
  recent({ group, limit }: { readonly group: FailureGroup | null; readonly limit: number }): readonly FailureSample[] {
    const groups = group === null ? [...this.#samples.values()] : [this.#samples.get(group) ?? []];
    return groups
      .flat()
      .sort((a, b) => b.atMs - a.atMs)
      .slice(0, limit);
  }

  /** How often requests were refused since the last call, by cause; null for never. To be told to those who watch, every few seconds. */
  takeSummary(): Readonly<Record<string, number>> | null {
    const counts = this.#sinceSummary.take();
    return counts.size === 0 ? null : Object.fromEntries(counts);
  }
}

/** The line of the configuration that would admit a peer (SECURITY.md 1), if nothing in `turn.peers.deny` names it. */
export function peerAllowLine(peer: string): string {
  return `turn.peers.allow: ["${peer}/${peer.includes(':') ? 128 : 32}"]`;
}
