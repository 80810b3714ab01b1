import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { MetricsSource } from '../../server/telemetry/metrics-source.ts';

/** A file of the project. */
export function projectFile(file: string): string {
  return readFileSync(path.join(import.meta.dirname, '../..', file), 'utf8');
}

/** A source of which every figure is there, and another one than its neighbours'. */
export function fullSource(): MetricsSource {
  return {
    version: '1.2.3',
    relayPorts: 16_384,
    relay: async () => ({
      engine: 'js',
      allocations: 7,
      counts: {
        traffic: { clientToPeerPackets: 1, clientToPeerBytes: 2, peerToClientPackets: 3, peerToClientBytes: 4 },
        drops: { malformed: 5, unknownChannel: 6, notPermitted: 7, rateLimited: 8, notSent: 9 },
        machine: { ignored: 10, malformed: 11, challengesWithheld: 12, reservations: 13, portsTaken: 14 },
        streams: {
          open: 15,
          accepted: 16,
          refusedFull: 17,
          refusedAddressFull: 18,
          acceptErrors: 19,
          timedOut: 20,
          badFrames: 21,
          unreadResponses: 22,
          droppedDeliveries: 23,
          tlsWaiting: 24,
          tlsHandshaking: 25,
          tlsHandshakes: 26,
          tlsHandshakeFailures: 27,
          tlsHandshakesTimedOut: 28,
          tlsHandshakesCrowdedOut: 29,
          tlsWaitsTimedOut: 30,
          tlsWaitsCrowdedOut: 31,
        },
      },
    }),
    relayEventLoop: () => ({ active: 1_500, idle: 2_500 }),
    relayRestarts: () => 1,
    sessionsStarted: () => new Map([['tls', 32]]),
    sessionsEnded: () => new Map([['banned', 33]]),
    refusals: () => new Map([['wrong-password', 34]]),
    bans: () => 35,
    exhausted: () => ({ apps: 36, users: 37 }),
    store: () => ({ isHealthy: true, written: { count: 38, ms: 39, failures: 44 }, sizeBytes: 40, walBytes: 41 }),
    usageRowsWaiting: () => 42,
    certificateExpiresAtMs: () => 43_000,
  };
}

/** A metric as its comments announce it. */
export interface Announced {
  readonly name: string;
  readonly type: string;
  readonly help: string;
}

/** One line of figures. */
export interface Series {
  /** Of a histogram with `_bucket`, `_sum` or `_count`. */
  readonly name: string;
  readonly labels: ReadonlyMap<string, string>;
  readonly value: number;
}

/** Reads the text format of Prometheus. */
export function readPage(text: string): { announced: Announced[]; series: Series[] } {
  const helps = [...text.matchAll(/^# HELP (\S+) (.*)\n# TYPE (\S+) (\S+)$/gm)];
  const lines = [...text.matchAll(/^([a-z_]+)(?:\{(.*)\})? (\S+)$/gm)];
  return {
    announced: helps.map(([, name = '', help = '', , type = '']) => ({ name, type, help })),
    series: lines.map(([, name = '', labels = '', value = '']) => ({
      name,
      labels: new Map(
        [...labels.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)].map(([, label = '', text = '']) => [label, text]),
      ),
      value: Number(value),
    })),
  };
}
