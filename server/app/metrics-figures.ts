import { statSync } from 'node:fs';
import type { MetricsSource } from '../telemetry/metrics-source.ts';
import type { ApplianceView } from './appliance-view.ts';
import { version } from './version.ts';

/** Where the metrics of an appliance come from. */
export function metricsSource(view: ApplianceView): MetricsSource {
  const { records } = view;
  const { accounting, store } = records;
  const { first, last } = view.config().turn.relayPorts;
  return {
    version,
    relayPorts: last - first + 1,
    relay: () => view.relayStatus(),
    relayEventLoop: () => view.running().link.eventLoop,
    relayRestarts: view.relayRestarts,
    sessionsStarted: () => accounting.starts,
    sessionsEnded: () => accounting.ends,
    refusals: () => accounting.refusals,
    bans: () => store.bans.list().length,
    exhausted: () => accounting.exhausted,
    store: () => ({
      isHealthy: store.health.ok,
      written: store.written,
      sizeBytes: store.path === ':memory:' ? 0 : store.sizeBytes,
      walBytes: store.path === ':memory:' ? 0 : sizeOf(`${store.path}-wal`),
    }),
    usageRowsWaiting: () => accounting.rowsWaiting,
    certificateExpiresAtMs: () => view.running().certificate?.current.expiresAtMs ?? null,
  };
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}
