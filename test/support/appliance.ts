import { onTestFinished } from 'vitest';
import { Appliance, type ApplianceOptions } from '../../server/app/appliance.ts';
import type { ApplianceStarted } from '../../server/app/running-parts.ts';
import { spawnRelayThread, type SpawnRelay } from '../../server/app/relay-thread.ts';
import { relayWorkerEntry } from '../../server/app/worker-entry.ts';
import type { BoundListener } from '../../server/app/relay-messages.ts';
import type { ResolvedConfig } from '../../server/config/resolved-config.ts';
import type { Worker } from 'node:worker_threads';
import type { TransportAddress } from '../../server/stun/transport-address.ts';
import { createLog } from '../../server/telemetry/log.ts';
import { ip } from './addresses.ts';
import { tempDir } from './temp-dir.ts';

/** A configuration that stays on loopback and takes any port. */
export function loopbackConfig(overrides: Partial<ResolvedConfig['turn']> = {}): ResolvedConfig {
  return {
    dataDir: tempDir(),
    publicHost: null,
    turn: {
      realm: 'turnpike.local',
      listen: [
        { transport: 'udp', host: ip('127.0.0.1'), port: 0 },
        { transport: 'tcp', host: ip('127.0.0.1'), port: 0 },
      ],
      publicAddress: { kind: 'none' },
      relayAddress: 'auto',
      relayPorts: { first: 49_152, last: 65_535 },
      engine: 'auto',
      channelRange: 'rfc8656',
      defaultAddressFamily: 'ipv4',
      users: [],
      secrets: [],
      strictExpiry: false,
      alternateServers: [],
      peers: { allow: [], deny: [] },
      limits: {
        allocationsPerUser: 128,
        allocationsPerAddress: 0,
        allocationsTotal: 0,
        permissionsPerAllocation: 128,
        channelsPerAllocation: 128,
        bitsPerSecondPerAllocation: 0,
        bitsPerSecondPerUser: 0,
      },
      ...overrides,
    },
    tls: null,
    http: {
      public: { host: ip('127.0.0.1'), port: 0 },
      admin: { scheme: 'http', host: ip('127.0.0.1'), port: 0 },
      metrics: null,
      publicUrl: null,
      adminUrl: null,
      trustedProxies: [],
    },
    masterKey: null,
    retention: { minuteDays: 2, hourDays: 35, dayDays: 800, auditDays: 400 },
    log: { level: 'debug', format: 'json' },
    drainSeconds: 30,
  };
}

/** A running appliance and what a test wants to know of it. */
export interface RunningAppliance {
  readonly appliance: Appliance;
  readonly started: ApplianceStarted;
  /** Where a transport is listened for; throws where it is not. */
  readonly udp: TransportAddress;
  readonly tcp: TransportAddress;
  readonly tls: TransportAddress;
  /** Its data directory. */
  readonly dataDir: string;
  /** Every log line so far. */
  readonly log: Record<string, unknown>[];
  /** The relay threads so far, the last one being in use. */
  readonly threads: Worker[];
}

/** Starts an appliance that is stopped when the test ends. */
export async function startAppliance(config: ResolvedConfig = loopbackConfig()): Promise<RunningAppliance> {
  const log: Record<string, unknown>[] = [];
  const threads: Worker[] = [];
  const spawn = spawnRelayThread(relayWorkerEntry);
  const spawnRelay: SpawnRelay = (start) => {
    const thread = spawn(start);
    threads.push(thread);
    return thread;
  };
  const sink = { write: (line: string) => void log.push(JSON.parse(line) as Record<string, unknown>) };
  const options: ApplianceOptions = { config, log: createLog({ level: 'debug', format: 'json', sink }), spawnRelay };
  const appliance = new Appliance(options);
  const started = await appliance.start();
  onTestFinished(() => appliance.stop());
  const address = (transport: BoundListener['transport']): TransportAddress => {
    const listener = started.listeners.find((candidate) => candidate.transport === transport);
    if (listener === undefined) throw new Error(`the appliance has no ${transport} listener`);
    return listener.address;
  };
  return {
    appliance,
    started,
    get udp() {
      return address('udp');
    },
    get tcp() {
      return address('tcp');
    },
    get tls() {
      return address('tls');
    },
    dataDir: config.dataDir,
    log,
    threads,
  };
}

/** Waits until `condition` holds; throws when it does not within `withinMs`. */
export async function eventually(what: string, condition: () => boolean, withinMs = 5_000): Promise<void> {
  const endMs = performance.now() + withinMs;
  while (!condition()) {
    if (performance.now() > endMs) throw new Error(`${what}: not within ${withinMs} ms`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
