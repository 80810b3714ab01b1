import { failureCauses } from '../contract/failure-groups.ts';
import { counted, sample, single, type MetricFamily } from './metric-family.ts';
import type { EventLoopTimes } from './metrics-source.ts';
import { relayFamilies } from './relay-metrics.ts';

/** Of who is let in and who is not. */
const limitFamilies: readonly MetricFamily[] = [
  counted('turnpike_refused_requests_total', 'Requests of TURN clients that were refused, by the cause.', {
    label: 'cause',
    values: failureCauses,
    counts: (source) => source.refusals(),
  }),
  single('gauge', 'turnpike_bans', 'Bans in force.', ({ source }) => source.bans()),
  {
    name: 'turnpike_quota_exhausted',
    type: 'gauge',
    help: 'Apps and TURN users that have relayed as many bytes this month as they may.',
    labels: { owner: ['app', 'user'] },
    samples: ({ source }) => {
      const { apps, users } = source.exhausted();
      return [
        { labels: { owner: 'app' }, value: apps },
        { labels: { owner: 'user' }, value: users },
      ];
    },
  },
];

const storeFamilies: readonly MetricFamily[] = [
  single('gauge', 'turnpike_store_up', 'Whether the last write to the database was done.', ({ store }) =>
    store?.isHealthy === true ? 1 : 0,
  ),
  single(
    'counter',
    'turnpike_store_writes_total',
    'Transactions of the database.',
    ({ store }) => store?.written.count,
  ),
  single(
    'counter',
    'turnpike_store_write_seconds_total',
    'How long transactions took. The main thread waits meanwhile.',
    ({ store }) => (store === null ? null : store.written.ms / 1000),
  ),
  single(
    'counter',
    'turnpike_store_write_failures_total',
    'Transactions that failed, for whatever reason.',
    ({ store }) => store?.written.failures,
  ),
  single('gauge', 'turnpike_store_size_bytes', 'Size of the database file.', ({ store }) => store?.sizeBytes),
  single('gauge', 'turnpike_store_wal_bytes', 'Size of the write-ahead log beside it.', ({ store }) => store?.walBytes),
  single('gauge', 'turnpike_usage_rows_waiting', 'Rows of usage that are yet to be written.', ({ source }) =>
    source.usageRowsWaiting(),
  ),
];

const processFamilies: readonly MetricFamily[] = [
  {
    name: 'turnpike_process_cpu_seconds_total',
    type: 'counter',
    help: 'Processor time of all threads.',
    labels: { mode: ['user', 'system'] },
    samples: ({ process: { cpuUserSeconds, cpuSystemSeconds } }) => [
      { labels: { mode: 'user' }, value: cpuUserSeconds },
      { labels: { mode: 'system' }, value: cpuSystemSeconds },
    ],
  },
  single('gauge', 'turnpike_process_resident_memory_bytes', 'Resident memory.', ({ process }) => process.residentBytes),
  single('gauge', 'turnpike_process_heap_bytes', 'Used heap of the main thread.', ({ process }) => process.heapBytes),
  single(
    'gauge',
    'turnpike_process_start_time_seconds',
    'Unix time of the start.',
    ({ process }) => process.startedAtSeconds,
  ),
  single(
    'gauge',
    'turnpike_process_open_fds',
    'Open file descriptors, where the system tells.',
    ({ process }) => process.openDescriptors,
  ),
  single(
    'gauge',
    'turnpike_process_max_fds',
    'File descriptors that the process may have, where the system tells.',
    ({ process }) => process.maxDescriptors,
  ),
  {
    name: 'turnpike_event_loop_delay_seconds',
    type: 'gauge',
    help: 'How late the main thread was since the last scrape: half of the time, in the worst hundredth, at worst.',
    labels: { quantile: ['0.5', '0.99', '1'] },
    samples: ({ process: { delay } }) => [
      { labels: { quantile: '0.5' }, value: delay.medianSeconds },
      { labels: { quantile: '0.99' }, value: delay.p99Seconds },
      { labels: { quantile: '1' }, value: delay.maxSeconds },
    ],
  },
  eventLoop('turnpike_event_loop_active_seconds_total', 'How long a thread was busy.', 'active'),
  eventLoop('turnpike_event_loop_idle_seconds_total', 'How long a thread had nothing to do.', 'idle'),
  single(
    'gauge',
    'turnpike_certificate_expiry_timestamp_seconds',
    'Unix time at which the certificate of TLS expires.',
    ({ source }) => {
      const atMs = source.certificateExpiresAtMs();
      return atMs === null ? null : atMs / 1000;
    },
  ),
];

/** Every metric that is read when it is asked for. */
export const metricFamilies: readonly MetricFamily[] = [
  ...relayFamilies,
  ...limitFamilies,
  ...storeFamilies,
  ...processFamilies,
];

function eventLoop(name: string, help: string, which: keyof EventLoopTimes): MetricFamily {
  return {
    name,
    type: 'counter',
    help,
    labels: { thread: ['main', 'relay'] },
    samples: ({ source, process }) => [
      ...sample({ thread: 'main' }, process.eventLoop[which] / 1000),
      ...sample({ thread: 'relay' }, source.relayEventLoop()?.[which], 1 / 1000),
    ],
  };
}
