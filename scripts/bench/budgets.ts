import type { Transport } from './contestants/contestant.ts';
import { atRate, overTransport, rateReached, ratioTo, type Results } from './results.ts';
import { busyRate } from './scenarios/busy.ts';
import { issuedPerSecond } from './scenarios/issuing.ts';
import type { RelaySample } from './scenarios/relay.ts';
import { streamRate } from './scenarios/streams.ts';
import { failuresOf, heldBy, levelPart, residentDrift, type SoakRun } from './soak/soak-run.ts';
import { compareRounds, median, type Ratio } from './statistics.ts';

/** A figure that a budget is judged by. */
interface Measured {
  readonly value: number;
  /** What stands behind it, for the table. */
  readonly detail: string;
}

/** One line of the budgets in docs/performance.md. */
interface Budget {
  readonly what: string;
  readonly unit: 'x' | 'us' | 'bytes' | 'ms' | 'MiB/h' | '';
  /** null: reported, not judged. */
  readonly limit: number | null;
  readonly measure: (results: Results) => Measured | undefined;
}

/** How a budget came out. */
export interface Verdict {
  readonly what: string;
  readonly unit: Budget['unit'];
  readonly limit: number | null;
  readonly measured: number | null;
  readonly detail: string;
  readonly verdict: 'PASS' | 'OVER' | 'reported' | 'not measured';
}

const cpuUs = (sample: RelaySample): number => sample.cpuUsPerPacket;
const p50Us = (sample: RelaySample): number => sample.p50Us;
const p99Us = (sample: RelaySample): number => sample.p99Us;

/** In less time a resident set that goes up and down with each collection shows no drift of a few MiB an hour. */
const shortestDriftMinutes = 20;

/** The budgets of the js plane, as docs/performance.md explains them. */
const budgets: readonly Budget[] = [
  relayBudget('CPU per relayed packet at 30,000/s, to the bare node:dgram forwarder', 1.15, 30_000, cpuUs),
  relayBudget('CPU per relayed packet at 60,000/s, to the bare node:dgram forwarder', 1.15, 60_000, cpuUs),
  relayBudget('CPU per relayed packet at 120,000/s, to the bare node:dgram forwarder', null, 120_000, cpuUs),
  relayBudget('latency p50 at 5,000/s, to the bare node:dgram forwarder', 1.25, 5000, p50Us),
  relayBudget('latency p99 at 5,000/s, to the bare node:dgram forwarder', 1.25, 5000, p99Us),
  relayBudget('latency p50 at 30,000/s, to the bare node:dgram forwarder', 1.25, 30_000, p50Us),
  relayBudget('latency p99 at 30,000/s, to the bare node:dgram forwarder', 1.25, 30_000, p99Us),
  streamBudget('CPU per relayed packet of clients on TCP at 10,000/s, to the bare stream forwarder', 'tcp'),
  streamBudget('CPU per relayed packet of clients on TLS at 10,000/s, to the bare stream forwarder', 'tls'),
  {
    what: 'latency p50 at 5,000/s with a saturated main thread, to the bare forwarder beside the same load',
    unit: 'x',
    limit: 1.25,
    measure: ({ busy }) => ofRatio(ratioTo(atRate(busy, busyRate), 'bare-node', p50Us)),
  },
  issuingBudget('latency p50', p50Us),
  issuingBudget('latency p99', p99Us),
  {
    what: 'credentials a second that were asked for, to those that were issued',
    unit: 'x',
    limit: 1.02,
    measure: ({ issuing }) => ofMedian(issuing.map(({ grantedPerSecond }) => issuedPerSecond / grantedPerSecond)),
  },
  {
    what: 'CPU of an Allocate and its ChannelBind',
    unit: 'us',
    limit: 150,
    measure: (results) =>
      ofMedian(ours(results.allocate).map((sample) => sample.allocateCpuUs + sample.channelBindCpuUs)),
  },
  {
    what: 'resident memory per single-family allocation',
    unit: 'bytes',
    limit: 10_000,
    measure: (results) => ofMedian(ours(results.allocate).map((sample) => sample.residentBytesPerAllocation)),
  },
  {
    what: 'process start to listening, warm compile cache',
    unit: 'ms',
    limit: 400,
    // Both say "listening"; the later one counts.
    measure: ({ start }) => ofMedian(start.map(({ readyMs, firstAnswerMs }) => Math.max(readyMs, firstAnswerMs))),
  },
  {
    what: 'soak: growth of the resident set over the second half',
    unit: 'MiB/h',
    limit: 16,
    measure: ({ soak }) => ofDrift(soak[0]),
  },
  {
    what: 'soak: resident set when everybody has left, to that under the load at the beginning',
    unit: 'x',
    limit: 1.1,
    measure: ({ soak }) => ofResidents(soak[0]),
  },
  soakBudget('descriptors left open', ({ before, after }) => after.server.descriptors - before.server.descriptors),
  soakBudget('allocations, ports, claims and streams left', ({ after }) => heldBy(after)),
  soakBudget('media packets lost', ({ load }) => load.mediaSent - load.mediaReceived + load.misdelivered),
  soakBudget('requests not answered', ({ load, bindingsLost }) => load.unanswered + bindingsLost),
  soakBudget('answers that were not due, and other failures', (run) =>
    failuresOf(run).reduce((sum, [, count]) => sum + count, 0),
  ),
  soakBudget('errors in the log', ({ errorLines }) => errorLines.length),
];

/** Judges every budget by what was measured. */
export function judge(results: Results): Verdict[] {
  return budgets.map(({ what, unit, limit, measure }) => {
    const measured = measure(results);
    const common = { what, unit, limit, measured: measured?.value ?? null, detail: measured?.detail ?? '' };
    if (measured === undefined) return { ...common, verdict: 'not measured' };
    if (limit === null) return { ...common, verdict: 'reported' };
    return { ...common, verdict: measured.value <= limit ? 'PASS' : 'OVER' };
  });
}

function relayBudget(
  what: string,
  limit: number | null,
  rate: number,
  figure: (sample: RelaySample) => number,
): Budget {
  return {
    what,
    unit: 'x',
    limit,
    measure: ({ relay }) => ofRatio(ratioTo(atRate(relay, rate), 'bare-node', figure)),
  };
}

function streamBudget(what: string, transport: Transport): Budget {
  return {
    what,
    unit: 'x',
    limit: 1.15,
    measure: ({ streams }) => {
      const samples = atRate(overTransport(streams, transport), streamRate);
      return ofRatio(ratioTo(samples, 'bare-stream', cpuUs));
    },
  };
}

/** Relaying beside `POST /v1/ice-servers`, to the same server without it. */
function issuingBudget(what: string, figure: (sample: RelaySample) => number): Budget {
  return {
    what: `${what} at 5,000/s beside ${issuedPerSecond.toLocaleString('en')} credentials/s, to without them`,
    unit: 'x',
    limit: 1.2,
    measure: ({ issuing }) => {
      const reached = issuing.filter(({ alone, beside }) => rateReached(alone) && rateReached(beside));
      const besides = reached.map(({ beside }) => figure(beside));
      const alones = reached.map(({ alone }) => figure(alone));
      return ofRatio(compareRounds(besides, alones));
    },
  };
}

/** What nobody may see in a soak, however long. */
function soakBudget(what: string, figure: (run: SoakRun) => number): Budget {
  return {
    what: `soak: ${what}`,
    unit: '',
    limit: 0,
    measure: ({ soak: [run] }) => (run === undefined ? undefined : { value: figure(run), detail: soakDetail(run) }),
  };
}

function soakDetail({ minutes, load }: SoakRun): string {
  const clients = Object.values(load.arrived).reduce((sum, count) => sum + count, 0);
  return `${minutes} minutes, ${clients.toLocaleString('en')} clients`;
}

function ofDrift(run: SoakRun | undefined): Measured | undefined {
  const drift = run === undefined || run.minutes < shortestDriftMinutes ? undefined : residentDrift(run);
  return drift === undefined
    ? undefined
    : { value: drift.slope, detail: `standard error ${drift.slopeError.toFixed(1)}` };
}

function ofResidents(run: SoakRun | undefined): Measured | undefined {
  if (run === undefined) return undefined;
  const level = levelPart(run).map(({ server }) => server.residentBytes);
  const beginning = median(level.slice(0, Math.ceil(level.length / 4)));
  const mib = [run.after.server.residentBytes, beginning].map((bytes) => (bytes / 1024 / 1024).toFixed(1));
  return { value: run.after.server.residentBytes / beginning, detail: `${mib.join(' to ')} MiB` };
}

function ours<Sample extends { readonly contestant: string }>(samples: readonly Sample[]): readonly Sample[] {
  return samples.filter(({ contestant }) => contestant === 'turnpike');
}

function ofRatio(ratio: Ratio | undefined): Measured | undefined {
  if (ratio === undefined) return undefined;
  const [least, most, middle] = [ratio.least, ratio.most, ratio.medianOfRounds].map((value) => value.toFixed(2));
  return { value: ratio.ofMedians, detail: `rounds ${least} to ${most}, their median ${middle}` };
}

function ofMedian(values: readonly number[]): Measured | undefined {
  if (values.length === 0) return undefined;
  const [least, most] = [Math.min(...values), Math.max(...values)].map((value) => value.toFixed(0));
  return { value: median(values), detail: `${values.length} samples, ${least} to ${most}` };
}
