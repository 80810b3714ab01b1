import { atRate, ratioTo, type Results } from './results.ts';
import { busyRate } from './scenarios/busy.ts';
import type { RelaySample } from './scenarios/relay.ts';
import { median, type Ratio } from './statistics.ts';

/** A figure that a budget is judged by. */
interface Measured {
  readonly value: number;
  /** What stands behind it, for the table. */
  readonly detail: string;
}

/** One line of the budgets in docs/performance.md. */
interface Budget {
  readonly what: string;
  readonly unit: 'x' | 'us' | 'bytes' | 'ms';
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

/** The budgets of the js plane, as docs/performance.md explains them. */
const budgets: readonly Budget[] = [
  relayBudget('CPU per relayed packet at 30,000/s, to the bare node:dgram forwarder', 1.15, 30_000, cpuUs),
  relayBudget('CPU per relayed packet at 60,000/s, to the bare node:dgram forwarder', 1.15, 60_000, cpuUs),
  relayBudget('CPU per relayed packet at 120,000/s, to the bare node:dgram forwarder', null, 120_000, cpuUs),
  relayBudget('latency p50 at 5,000/s, to the bare node:dgram forwarder', 1.25, 5000, p50Us),
  relayBudget('latency p99 at 5,000/s, to the bare node:dgram forwarder', 1.25, 5000, p99Us),
  relayBudget('latency p50 at 30,000/s, to the bare node:dgram forwarder', 1.25, 30_000, p50Us),
  relayBudget('latency p99 at 30,000/s, to the bare node:dgram forwarder', 1.25, 30_000, p99Us),
  {
    what: 'latency p50 at 5,000/s with a saturated main thread, to the bare forwarder beside the same load',
    unit: 'x',
    limit: 1.25,
    measure: ({ busy }) => ofRatio(ratioTo(atRate(busy, busyRate), 'bare-node', p50Us)),
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
