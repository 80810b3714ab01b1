import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import { StoreError } from '../store/store-error.ts';
import { metricFamilies } from './metric-families.ts';
import { otherValue, type Figures, type MetricFamily } from './metric-family.ts';
import type { HttpObservation, MetricsPage, MetricsSource } from './metrics-source.ts';
import { ProcessWatch } from './process-figures.ts';

/** Methods that have series of their own. */
const httpMethods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'] as const;
/** Classes of statuses: the first digit. */
const statusClasses = ['1xx', '2xx', '3xx', '4xx', '5xx'] as const;
/** What the label `route` shows where no route was found: the path is a stranger's. */
const noRoute = '(none)';
/** Routes that have series of their own. They come from the program; that they are few is seen to here (SECURITY.md 14). */
const maxRoutes = 250;

const httpBuckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5];

/** The registry of one appliance, and how it is written for Prometheus. */
export class Exposition {
  readonly #source: MetricsSource;
  readonly #registry = new Registry();
  readonly #watch = new ProcessWatch();
  readonly #routes = new Set<string>([noRoute]);
  readonly #read: readonly { readonly family: MetricFamily; readonly metric: Counter | Gauge }[];
  readonly #build: Gauge;
  readonly #requests: Counter;
  readonly #requestSeconds: Histogram;

  constructor(source: MetricsSource) {
    this.#source = source;
    const registers = [this.#registry];
    this.#read = metricFamilies.map((family) => ({ family, metric: metricOf(family, this.#registry) }));
    this.#build = new Gauge({
      name: 'turnpike_build_info',
      help: 'Always 1; its labels say what runs.',
      labelNames: ['version', 'runtime', 'engine'],
      registers,
    });
    this.#requests = new Counter({
      name: 'turnpike_http_requests_total',
      help: 'HTTP requests that were answered, by route, method and class of the status.',
      labelNames: ['route', 'method', 'status'],
      registers,
    });
    this.#requestSeconds = new Histogram({
      name: 'turnpike_http_request_duration_seconds',
      help: 'How long HTTP requests took, by route and method.',
      labelNames: ['route', 'method'],
      buckets: httpBuckets,
      registers,
    });
  }

  /** Counts an HTTP request. */
  observeHttp({ route, method, status, seconds }: HttpObservation): void {
    const labels = { route: this.#routeLabel(route), method: known(httpMethods, method) };
    this.#requests.inc({ ...labels, status: known(statusClasses, `${Math.floor(status / 100)}xx`) });
    this.#requestSeconds.observe(labels, Math.max(0, seconds));
  }

  /** All metrics as they are now. */
  async page(): Promise<MetricsPage> {
    const askedAtMs = performance.now();
    const relay = await this.#source.relay();
    const figures: Figures = {
      source: this.#source,
      relay,
      relayAnswerSeconds: (performance.now() - askedAtMs) / 1000,
      store: unlessStoreFails(() => this.#source.store()),
      process: this.#watch.read(),
    };
    for (const { family, metric } of this.#read) fill(metric, family, figures);
    this.#build.reset();
    this.#build.set({ version: this.#source.version, runtime: process.version, engine: relay?.engine ?? 'none' }, 1);
    return { contentType: this.#registry.contentType, text: await this.#registry.metrics() };
  }

  /** Ends what watches the process. */
  close(): void {
    this.#watch.close();
  }

  #routeLabel(route: string | null): string {
    if (route === null) return noRoute;
    if (this.#routes.size < maxRoutes) this.#routes.add(route);
    return this.#routes.has(route) ? route : otherValue;
  }
}

function metricOf({ name, type, help, labels }: MetricFamily, registry: Registry): Counter | Gauge {
  const settings = { name, help, labelNames: Object.keys(labels), registers: [registry] };
  return type === 'counter' ? new Counter(settings) : new Gauge(settings);
}

/** Replaces all series of a metric by what the figures say. */
function fill(metric: Counter | Gauge, { labels: values, samples }: MetricFamily, figures: Figures): void {
  metric.reset();
  // Without labels there would be a zero, which is a figure too.
  if (Object.keys(values).length === 0) metric.remove();
  for (const { labels, value } of unlessStoreFails(() => samples(figures)) ?? []) {
    const bounded = Object.entries(labels).map(([label, text]) => [label, known(values[label] ?? [], text)]);
    metric.inc(Object.fromEntries(bounded) as Record<string, string>, value);
  }
}

/** Whoever watches wants the other figures most while the database cannot be read. */
function unlessStoreFails<Result>(read: () => Result): Result | null {
  try {
    return read();
  } catch (error) {
    if (error instanceof StoreError) return null;
    throw error;
  }
}

function known(values: readonly string[], text: string): string {
  return values.includes(text) ? text : otherValue;
}
