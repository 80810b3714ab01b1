import { readdirSync, readFileSync } from 'node:fs';
import { monitorEventLoopDelay, performance } from 'node:perf_hooks';
import type { EventLoopTimes } from './metrics-source.ts';

/** What the process takes of its host. */
export interface ProcessFigures {
  readonly cpuUserSeconds: number;
  readonly cpuSystemSeconds: number;
  readonly residentBytes: number;
  readonly heapBytes: number;
  /** Unix time. */
  readonly startedAtSeconds: number;
  /** Null where the system does not tell, as for the next one. */
  readonly openDescriptors: number | null;
  readonly maxDescriptors: number | null;
  /** How late the main thread was. */
  readonly delay: { readonly medianSeconds: number; readonly p99Seconds: number; readonly maxSeconds: number };
  /** Of the main thread. */
  readonly eventLoop: EventLoopTimes;
}

/** The main thread is looked at so often; what the histogram shows is later by this when nothing is late. */
const resolutionMs = 20;
const nanosecondsPerSecond = 1e9;
const microsecondsPerSecond = 1e6;

/** Watches the process. */
export class ProcessWatch {
  readonly #delay = monitorEventLoopDelay({ resolution: resolutionMs });

  constructor() {
    this.#delay.enable();
  }

  /** Ends it. */
  close(): void {
    this.#delay.disable();
  }

  /** The figures as they are now; those of delay since the last call. */
  read(): ProcessFigures {
    const { user, system } = process.cpuUsage();
    const { rss, heapUsed } = process.memoryUsage();
    const { active, idle } = performance.eventLoopUtilization();
    const delay = {
      medianSeconds: lateness(this.#delay.percentile(50)),
      p99Seconds: lateness(this.#delay.percentile(99)),
      maxSeconds: lateness(this.#delay.max),
    };
    this.#delay.reset();
    return {
      cpuUserSeconds: user / microsecondsPerSecond,
      cpuSystemSeconds: system / microsecondsPerSecond,
      residentBytes: rss,
      heapBytes: heapUsed,
      startedAtSeconds: performance.timeOrigin / 1000,
      openDescriptors: openDescriptors(),
      maxDescriptors: maxDescriptors(),
      delay,
      eventLoop: { active, idle },
    };
  }
}

/** Nothing measured yet is shown as no delay. */
function lateness(nanoseconds: number): number {
  const seconds = nanoseconds / nanosecondsPerSecond - resolutionMs / 1000;
  return Number.isFinite(seconds) ? Math.max(0, seconds) : 0;
}

function openDescriptors(): number | null {
  try {
    return readdirSync('/proc/self/fd').length;
  } catch {
    // Only Linux has it.
    return null;
  }
}

function maxDescriptors(): number | null {
  try {
    const limit = /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1];
    return limit === undefined ? null : Number(limit);
  } catch {
    return null;
  }
}
