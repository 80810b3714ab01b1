import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { NativePrograms } from './native-programs.ts';

/** CPU time of the measured server while a run measured it. */
export interface CpuUse {
  /** Of all its threads. */
  readonly processNs: number;
  /** The same by /proc/<pid>/stat, which counts in whole clock ticks. */
  readonly statNs: number;
  readonly threads: readonly { readonly tid: number; readonly name: string; readonly ns: number }[];
}

/** Percentiles of the time from a packet's sending to its arrival; null when none arrived. */
interface Latencies {
  readonly p50Ns: number | null;
  readonly p99Ns: number | null;
  readonly maxNs: number | null;
}

/** One direction's packets that were sent while measuring. */
interface DirectionResult extends Latencies {
  readonly sent: number;
  readonly received: number;
  /** Refused by the generator's own socket. */
  readonly notSent: number;
  /** Arrived where they should not have, or changed. */
  readonly strange: number;
}

/** What `load relay` prints. */
export interface RelayResult {
  readonly seconds: number;
  /** Packets that arrived while measuring. */
  readonly relayedInWindow: number;
  /** Packets that the generator left out because it could not keep its pace. */
  readonly fellBehind: number;
  readonly setUpRetransmissions: number;
  readonly toPeer: DirectionResult;
  readonly toClient: DirectionResult;
  readonly both: Latencies;
  readonly cpu: CpuUse;
}

/** One step of many clients, of `load allocate`. */
export interface StepResult {
  readonly wallNs: number;
  readonly cpu: CpuUse;
}

/** What `load allocate` prints. */
export interface AllocateResult {
  readonly residentBefore: number;
  readonly batches: readonly {
    readonly from: number;
    readonly to: number;
    readonly challenge: StepResult;
    readonly allocate: StepResult;
    readonly channelBind: StepResult;
    readonly residentAfter: number;
  }[];
  readonly release: StepResult;
  readonly residentAfterRelease: number;
  readonly retransmissions: number;
}

/** What `load binding` prints. */
interface BindingResult {
  readonly seconds: number;
  readonly answered: number;
  readonly lost: number;
  readonly other: number;
  readonly answerBytes: number;
  readonly cpu: CpuUse;
}

interface Results {
  readonly relay: RelayResult;
  readonly allocate: AllocateResult;
  readonly binding: BindingResult;
}

/** The options of native/options.c. */
export type LoadArguments = Readonly<Record<string, string | number>>;

const longestRunMs = 200_000;

/** Runs the load generator. Throws with what it says when it fails, as when the server refuses a request. */
export async function runLoad<Scenario extends keyof Results>(
  programs: NativePrograms,
  scenario: Scenario,
  args: LoadArguments,
): Promise<Results[Scenario]> {
  const words = Object.entries(args).map(([name, value]) => `${name}=${value}`);
  try {
    const { stdout } = await promisify(execFile)(programs.load, [scenario, ...words], { timeout: longestRunMs });
    return JSON.parse(stdout) as Results[Scenario];
  } catch (error) {
    const said = error instanceof Error && 'stderr' in error ? String(error.stderr).trim() : '';
    throw new Error(`load ${scenario} ${words.join(' ')}: ${said || String(error)}`, { cause: error });
  }
}
