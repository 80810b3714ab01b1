import { execFile } from 'node:child_process';
import { cpus, release, totalmem } from 'node:os';
import { promisify } from 'node:util';

/** Where the figures come from; without it they mean little. */
export interface Machine {
  readonly cpuModel: string;
  readonly cpuCount: number;
  readonly memoryGiB: number;
  readonly kernel: string;
  readonly node: string;
  readonly coturn: string | null;
  readonly measuredAt: string;
}

/** Which CPUs the generator and the servers keep to, so that they do not take each other's time. */
export interface CpuPlan {
  /** -1: wherever the system likes. */
  readonly generator: number;
  /** As `launch` reads it. */
  readonly servers: string;
}

/** The first CPU is the generator's and all others the servers'; with one CPU there is nothing to divide. */
export function planCpus(cpuCount: number): CpuPlan {
  if (cpuCount < 2) return { generator: -1, servers: 'any' };
  return { generator: 0, servers: Array.from({ length: cpuCount - 1 }, (_, index) => index + 1).join(',') };
}

/** Describes this machine. */
export async function describeMachine(nowMs: number): Promise<Machine> {
  return {
    cpuModel: cpus()[0]?.model.trim() ?? 'unknown',
    cpuCount: cpus().length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    kernel: release(),
    node: process.version,
    coturn: await coturnVersion(),
    measuredAt: new Date(nowMs).toISOString(),
  };
}

/** The version of the installed coturn; null when there is none. */
export async function coturnVersion(): Promise<string | null> {
  try {
    const { stdout } = await promisify(execFile)('turnserver', ['--version']);
    return stdout.trim().split('\n').at(-1) ?? 'unknown';
  } catch {
    return null;
  }
}
