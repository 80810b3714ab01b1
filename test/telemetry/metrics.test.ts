import { execFileSync } from 'node:child_process';
import { describe, expect, onTestFinished, test } from 'vitest';
import { parse } from 'yaml';
import { RelayTraffic } from '../../server/app/relay-traffic.ts';
import type { SessionEnd } from '../../server/seam/session-event.ts';
import { StoreError } from '../../server/store/store-error.ts';
import { failureCauses } from '../../server/contract/failure-groups.ts';
import { metricFamilies } from '../../server/telemetry/metric-families.ts';
import { sessionEnds } from '../../server/telemetry/relay-metrics.ts';
import type { MetricsSource } from '../../server/telemetry/metrics-source.ts';
import { Metrics } from '../../server/telemetry/metrics.ts';
import { zeroStreamCounters } from '../../server/transport/stream-counters.ts';
import { TestMachine } from '../turn/test-machine.ts';
import { fullSource, projectFile, readPage, type Announced, type Series } from './metrics-page.ts';

function metricsOf(source: Partial<MetricsSource> = {}): Metrics {
  const metrics = new Metrics({ ...fullSource(), ...source });
  onTestFinished(() => metrics.close());
  return metrics;
}

async function pageOf(metrics: Metrics): Promise<{ announced: Announced[]; series: Series[] }> {
  return readPage((await metrics.scrape()).text);
}

/** `name{label="value"}`: the form in which figures are written down below. */
function valuesOf(series: readonly Series[]): Map<string, number> {
  return new Map(
    series.map(({ name, labels, value }) => {
      const text = Array.from(labels, ([label, of]) => `${label}="${of}"`).join(',');
      return [text === '' ? name : `${name}{${text}}`, value];
    }),
  );
}

describe('the page', () => {
  test('is what Prometheus reads', async () => {
    expect(await metricsOf().scrape()).toMatchObject({ contentType: 'text/plain; version=0.0.4; charset=utf-8' });
  });

  test('has every figure under its name', async () => {
    const values = valuesOf((await pageOf(metricsOf())).series);
    const ofProcess = /^turnpike_(process|event_loop_delay|relay_answer|event_loop_\w+\{thread="main")/;
    const shown = [...values].filter(([name, value]) => value > 0 && !ofProcess.test(name));
    expect(shown.map(([name, value]) => `${name} ${value}`)).toEqual([
      'turnpike_relay_up 1',
      'turnpike_relay_restarts_total 1',
      'turnpike_allocations 7',
      'turnpike_reservations 13',
      'turnpike_relay_ports_taken 14',
      'turnpike_relay_ports 16384',
      'turnpike_allocations_started_total{transport="tls"} 32',
      'turnpike_allocations_ended_total{cause="banned"} 33',
      'turnpike_relayed_packets_total{direction="client_to_peer"} 1',
      'turnpike_relayed_packets_total{direction="peer_to_client"} 3',
      'turnpike_relayed_bytes_total{direction="client_to_peer"} 2',
      'turnpike_relayed_bytes_total{direction="peer_to_client"} 4',
      'turnpike_dropped_packets_total{cause="malformed"} 5',
      'turnpike_dropped_packets_total{cause="unknown_channel"} 6',
      'turnpike_dropped_packets_total{cause="not_permitted"} 7',
      'turnpike_dropped_packets_total{cause="rate_limited"} 8',
      'turnpike_dropped_packets_total{cause="not_sent"} 9',
      'turnpike_dropped_packets_total{cause="slow_reader"} 23',
      'turnpike_unanswered_messages_total{cause="malformed"} 11',
      'turnpike_unanswered_messages_total{cause="ignored"} 10',
      'turnpike_unanswered_messages_total{cause="challenge_withheld"} 12',
      'turnpike_streams 15',
      'turnpike_streams_accepted_total 16',
      'turnpike_streams_refused_total{cause="full"} 17',
      'turnpike_streams_refused_total{cause="address_full"} 18',
      'turnpike_streams_refused_total{cause="accept_error"} 19',
      'turnpike_streams_closed_total{cause="no_allocation_in_time"} 20',
      'turnpike_streams_closed_total{cause="bad_frame"} 21',
      'turnpike_streams_closed_total{cause="unread_responses"} 22',
      'turnpike_tls_handshakes_total{result="completed"} 26',
      'turnpike_tls_handshakes_total{result="failed"} 27',
      'turnpike_tls_handshakes_total{result="timed_out"} 28',
      'turnpike_tls_handshakes_total{result="crowded_out"} 29',
      'turnpike_tls_handshakes_total{result="wait_timed_out"} 30',
      'turnpike_tls_handshakes_total{result="wait_crowded_out"} 31',
      'turnpike_tls_handshakes_in_progress{state="waiting"} 24',
      'turnpike_tls_handshakes_in_progress{state="handshaking"} 25',
      'turnpike_refused_requests_total{cause="wrong-password"} 34',
      'turnpike_bans 35',
      'turnpike_quota_exhausted{owner="app"} 36',
      'turnpike_quota_exhausted{owner="user"} 37',
      'turnpike_store_up 1',
      'turnpike_store_writes_total 38',
      'turnpike_store_write_seconds_total 0.039',
      'turnpike_store_write_failures_total 44',
      'turnpike_store_size_bytes 40',
      'turnpike_store_wal_bytes 41',
      'turnpike_usage_rows_waiting 42',
      'turnpike_event_loop_active_seconds_total{thread="relay"} 1.5',
      'turnpike_event_loop_idle_seconds_total{thread="relay"} 2.5',
      'turnpike_certificate_expiry_timestamp_seconds 43',
      `turnpike_build_info{version="1.2.3",runtime="${process.version}",engine="js"} 1`,
    ]);
  });

  test('has what the process takes of its host', async () => {
    const values = valuesOf((await pageOf(metricsOf())).series);
    for (const name of [
      'resident_memory_bytes',
      'heap_bytes',
      'start_time_seconds',
      'cpu_seconds_total{mode="user"}',
    ]) {
      expect(values.get(`turnpike_process_${name}`), name).toBeGreaterThan(0);
    }
    expect(values.get('turnpike_event_loop_delay_seconds{quantile="0.99"}')).toBeGreaterThanOrEqual(0);
  });

  test('asks the relay thread for counters that it has', async () => {
    const ones = (counters: object): Record<string, number> =>
      Object.fromEntries(Object.keys(counters).map((name) => [name, 1]));
    const relayTraffic = new RelayTraffic();
    const counts = {
      traffic: ones(relayTraffic.traffic),
      drops: ones(relayTraffic.drops),
      machine: ones(new TestMachine().server.stats),
      streams: ones({ open: 0, tlsWaiting: 0, tlsHandshaking: 0, ...zeroStreamCounters() }),
    };
    const real = await pageOf(metricsOf({ relay: async () => ({ engine: 'js', allocations: 1, counts }) }));
    const named = await pageOf(metricsOf());
    expect([...valuesOf(real.series).keys()]).toEqual([...valuesOf(named.series).keys()]);
  });

  test('begins every counter by cause at zero, so that its first increase is seen', async () => {
    const { series } = await pageOf(metricsOf({ refusals: () => new Map() }));
    const refused = series.filter(({ name }) => name === 'turnpike_refused_requests_total');
    expect(refused.map(({ labels, value }) => [labels.get('cause'), value])).toEqual(
      failureCauses.map((cause) => [cause, 0]),
    );
  });

  test('leaves out what is not known, rather than showing a zero', async () => {
    const source = { relay: async () => null, relayEventLoop: () => null, certificateExpiresAtMs: () => null };
    const names = new Set((await pageOf(metricsOf(source))).series.map(({ name }) => name));
    expect(names).toContain('turnpike_relay_up');
    for (const name of [
      'turnpike_allocations',
      'turnpike_relayed_bytes_total',
      'turnpike_certificate_expiry_timestamp_seconds',
    ]) {
      expect(names).not.toContain(name);
    }
  });

  test('SECURITY.md 15: while the database cannot be read, it says so and has all other figures', async () => {
    const fail = (): never => {
      throw new StoreError('store_io', 'the disk failed');
    };
    const values = valuesOf((await pageOf(metricsOf({ store: fail, bans: fail }))).series);
    expect(values.get('turnpike_store_up')).toBe(0);
    expect(values.has('turnpike_bans')).toBe(false);
    expect(values.has('turnpike_store_size_bytes')).toBe(false);
    expect(values.get('turnpike_allocations')).toBe(7);
    expect(values.get('turnpike_usage_rows_waiting')).toBe(42);
  });

  test('is that of one appliance, however many there are in the process', async () => {
    const [first, second] = [metricsOf(), metricsOf()];
    first.observeHttp({ route: '/livez', method: 'GET', status: 200, seconds: 0.001 });
    await first.scrape();
    expect((await second.scrape()).text).not.toContain('/livez');
  });

  test('costs one reading, however many ask for it at once', async () => {
    let readings = 0;
    const metrics = metricsOf({ relay: async () => ((readings += 1), null) });
    await Promise.all(Array.from({ length: 100 }, () => metrics.scrape()));
    expect(readings).toBe(1);
    await metrics.scrape();
    expect(readings).toBe(2);
  });

  test('HTTP requests are counted by route, method and class of the status, with how long they took', async () => {
    const metrics = metricsOf();
    metrics.observeHttp({ route: '/admin/v1/apps/:app', method: 'GET', status: 200, seconds: 0.004 });
    metrics.observeHttp({ route: '/admin/v1/apps/:app', method: 'GET', status: 404, seconds: 0.3 });
    metrics.observeHttp({ route: null, method: 'GET', status: 404, seconds: 0.001 });
    const values = valuesOf((await pageOf(metrics)).series);
    const of = (name: string, labels: string): number | undefined => values.get(`turnpike_http_${name}{${labels}}`);
    const route = 'route="/admin/v1/apps/:app",method="GET"';
    expect(of('requests_total', `${route},status="2xx"`)).toBe(1);
    expect(of('requests_total', `${route},status="4xx"`)).toBe(1);
    expect(of('requests_total', 'route="(none)",method="GET",status="4xx"')).toBe(1);
    expect(of('request_duration_seconds_bucket', `le="0.005",${route}`)).toBe(1);
    expect(of('request_duration_seconds_bucket', `le="+Inf",${route}`)).toBe(2);
    expect(of('request_duration_seconds_sum', route)).toBeCloseTo(0.304);
  });
});

describe('SECURITY.md 14: labels are bounded', () => {
  /** Every value that each label can have; null: of the program, one at a time. */
  const admitted = new Map<string, ReadonlySet<string> | null>([
    ...metricFamilies.flatMap(({ name, labels }) =>
      Object.entries(labels).map(([label, values]) => [`${name} ${label}`, new Set([...values, 'other'])] as const),
    ),
    ['turnpike_build_info version', null],
    ['turnpike_build_info runtime', null],
    ['turnpike_build_info engine', null],
    [
      'turnpike_http_requests_total method',
      new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'other']),
    ],
    ['turnpike_http_requests_total status', new Set(['1xx', '2xx', '3xx', '4xx', '5xx', 'other'])],
  ]);
  const strange = (at: number): string =>
    ['__proto__', 'constructor', 'a"}\n1', `${at}`, '\u202e', ' ', 'x'.repeat(500)][at % 7]! + String(at);

  test('a flood of strange names, paths, methods and statuses makes no series of its own', async () => {
    const names = new Map(Array.from({ length: 2_000 }, (_, at) => [strange(at), 1] as const));
    const metrics = metricsOf({ sessionsStarted: () => names, sessionsEnded: () => names, refusals: () => names });
    for (let at = 0; at < 5_000; at++) {
      metrics.observeHttp({ route: strange(at), method: strange(at), status: at, seconds: at % 2 === 0 ? -1 : 1 });
    }
    const { series } = await pageOf(metrics);
    const routes = new Set<string>();
    for (const { name, labels } of series) {
      const family = name.replace(/_request_duration_seconds_(bucket|sum|count)$/, '_requests_total');
      for (const [label, value] of labels) {
        if (label === 'route') routes.add(value);
        else if (label === 'le') expect(Number(value.replace('+Inf', 'Infinity'))).not.toBeNaN();
        else if (admitted.get(`${family} ${label}`) !== null) {
          expect(admitted.get(`${family} ${label}`), `${family} ${label}="${value}"`).toContain(value);
        }
      }
    }
    expect(routes.size).toBeLessThanOrEqual(251);
    expect(routes).toContain('other');
  });

  test('what is not among the values of a label is counted under `other`, all of it', async () => {
    const { series } = await pageOf(
      metricsOf({
        sessionsEnded: () =>
          new Map([
            ['a', 2],
            ['b', 3],
            ['banned', 4],
          ]),
      }),
    );
    const ended = series.filter(({ name, value }) => name === 'turnpike_allocations_ended_total' && value > 0);
    expect(ended.map(({ labels, value }) => [labels.get('cause'), value])).toEqual([
      ['banned', 4],
      ['other', 5],
    ]);
  });

  test('ends of sessions are those of the relay, all of them', () => {
    const ofRelay: readonly SessionEnd[] = sessionEnds;
    // The compiler sees whether one is missing.
    const all: Record<SessionEnd, true> = Object.fromEntries(ofRelay.map((end) => [end, true])) as Record<
      (typeof sessionEnds)[number],
      true
    >;
    expect(Object.keys(all)).toHaveLength(sessionEnds.length);
  });
});

describe('who reads the metrics finds them', () => {
  test('docs/metrics.md lists every metric with its type, and no other', async () => {
    const rows = [...projectFile('docs/metrics.md').matchAll(/^\| `(\w+)` \| (\w+) \|/gm)].map(
      ([, name, type]) => `${name} ${type}`,
    );
    const { announced } = await pageOf(metricsOf());
    expect(rows).toEqual(announced.map(({ name, type }) => `${name} ${type}`));
  });

  test('docs/metrics.md names every label with its values', () => {
    const page = projectFile('docs/metrics.md');
    for (const { name, labels } of metricFamilies) {
      const row = page.split('\n').find((line) => line.startsWith(`| \`${name}\` |`)) ?? '';
      for (const [label, values] of Object.entries(labels)) {
        expect(row).toContain(`\`${label}\``);
        // Long lists stand below the table.
        const place = values.length <= 6 ? row : page;
        expect(
          values.filter((value) => !place.includes(`\`${value}\``)),
          `${name} ${label}`,
        ).toEqual([]);
      }
    }
  });

  test.each(['config/prometheus/turnpike.rules.yaml', 'config/grafana/turnpike.json'])(
    '%s asks for metrics that there are',
    async (file) => {
      const { announced } = await pageOf(metricsOf());
      const known = new Set(
        announced.flatMap(({ name, type }) =>
          type === 'histogram' ? ['_bucket', '_sum', '_count'].map((end) => name + end) : [name],
        ),
      );
      const used = new Set(projectFile(file).match(/\bturnpike_\w+/g));
      expect(used.size).toBeGreaterThan(10);
      expect([...used].filter((name) => !known.has(name))).toEqual([]);
    },
  );

  test('every alert has an expression, a severity and a remedy', () => {
    const { groups } = parse(projectFile('config/prometheus/turnpike.rules.yaml')) as {
      groups: { rules: Record<string, unknown>[] }[];
    };
    const rules = groups.flatMap((group) => group.rules);
    expect(rules.length).toBeGreaterThan(10);
    expect(new Set(rules.map(({ alert }) => alert)).size).toBe(rules.length);
    for (const rule of rules) {
      expect(rule).toMatchObject({
        alert: expect.stringMatching(/^Turnpike[A-Z]\w+$/) as unknown,
        expr: expect.stringMatching(/turnpike_/) as unknown,
        labels: { severity: expect.stringMatching(/^(critical|warning|info)$/) as unknown },
        annotations: { summary: expect.any(String) as unknown, description: expect.any(String) as unknown },
      });
    }
  });

  test('the dashboard is one that Grafana loads: panels with ids of their own, side by side', () => {
    const { panels } = JSON.parse(projectFile('config/grafana/turnpike.json')) as {
      panels: { id: number; gridPos: { x: number; y: number; w: number; h: number } }[];
    };
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
    const cells = panels.flatMap(({ gridPos: { x, y, w, h } }) =>
      Array.from({ length: w * h }, (_, at) => `${x + (at % w)},${y + Math.floor(at / w)}`),
    );
    expect(new Set(cells).size).toBe(cells.length);
    expect(Math.max(...panels.map(({ gridPos: { x, w } }) => x + w))).toBeLessThanOrEqual(24);
  });

  test('names follow the conventions of Prometheus', async () => {
    for (const { name, type, help } of (await pageOf(metricsOf())).announced) {
      expect(name).toMatch(/^turnpike_[a-z_]+$/);
      expect(name.endsWith('_total'), name).toBe(type === 'counter');
      expect(help).toMatch(/\.$/);
    }
  });
});

test('nothing of the library is loaded before the first request or scrape', () => {
  const program = `
    const { Metrics } = await import(${JSON.stringify(new URL('../../server/telemetry/metrics.ts', import.meta.url).href)});
    const loaded = () => Object.keys(process.getBuiltinModule('module')._cache).some((file) => file.includes('prom-client'));
    const metrics = new Metrics({ relay: async () => null });
    const before = loaded();
    metrics.observeHttp({ route: '/', method: 'GET', status: 200, seconds: 0 });
    await new Promise((resolve) => setTimeout(resolve, 500));
    console.log(before, loaded());
    process.exit();`;
  const output = execFileSync(process.execPath, ['--input-type=module', '-e', program], { encoding: 'utf8' });
  expect(output.trim()).toBe('false true');
});
