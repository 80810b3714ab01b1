import type { HealthReply } from '../../../server/contract/control.ts';
import type { RoundTrips } from './binding-prober.ts';
import type { LoadCounts } from './census.ts';
import { driftOf, type Drift } from './drift.ts';
import type { ServerFigures } from './server-figures.ts';

/** The server as it was seen from outside at one moment of a soak. */
export interface SoakMoment {
  /** Since the load began, and the moment before it 0. */
  readonly atS: number;
  readonly server: ServerFigures;
  readonly allocations: number;
  /** `counts` of `turnpike health --json`. */
  readonly counts: HealthReply['counts'];
  /** Since the moment before. */
  readonly bindings: RoundTrips;
  /** Null before the first client came. */
  readonly load: LoadCounts | null;
}

/** One soak: a server, and everybody who came and went. */
export interface SoakRun {
  readonly minutes: number;
  /** Before anybody came. */
  readonly before: SoakMoment;
  /** While clients came and went. */
  readonly under: readonly SoakMoment[];
  /** When everybody had left, and what clients left behind had expired. */
  readonly after: SoakMoment;
  readonly load: LoadCounts;
  /** Binding requests that nothing answered. */
  readonly bindingsLost: number;
  /** Datagrams that the system dropped because the server had not read those before. */
  readonly listenerDrops: number;
  /** What the server logged as an error or fatal, and what it printed that is no log line. */
  readonly errorLines: readonly string[];
}

const mib = 1024 * 1024;
/** When the population is level; a short run has no time for more than a quarter of it. */
const levelAfterS = 60;

/** The moments of the run from when about as many clients leave as come. */
export function levelPart({ under, minutes }: SoakRun): readonly SoakMoment[] {
  return under.filter(({ atS }) => atS >= Math.min(levelAfterS, minutes * 15));
}

/** How the resident set drifted over the second half, in MiB per hour; undefined for a run with too few moments. */
export function residentDrift({ under, minutes }: SoakRun): Drift | undefined {
  const secondHalf = under.filter(({ atS }) => atS >= minutes * 30);
  return driftOf(secondHalf.map(({ atS, server }) => ({ x: atS / 3600, y: server.residentBytes / mib })));
}

/** What the server still holds for somebody, counted by itself: allocations, ports, quota, streams. */
export function heldBy({ allocations, counts }: SoakMoment): number {
  const { attempts = 0, reservations = 0, portsTaken = 0, claims = 0, buckets = 0 } = counts.machine ?? {};
  const { open = 0 } = counts.streams ?? {};
  return allocations + attempts + reservations + portsTaken + claims + buckets + open;
}

/** All failures of the load, by kind: [kind, how often]. */
export function failuresOf({ load }: SoakRun): readonly (readonly [string, number])[] {
  return Object.entries(load.failures).toSorted(([, left], [, right]) => right - left);
}

/** The moments under the load in ten stretches, as a table has room for. */
export function stretchesOf({ under }: SoakRun): readonly (readonly SoakMoment[])[] {
  const stretches = 10;
  const from = (index: number): number => Math.floor((index * under.length) / stretches);
  return Array.from({ length: stretches }, (_, index) => under.slice(from(index), from(index + 1))).filter(
    (stretch) => stretch.length > 0,
  );
}
