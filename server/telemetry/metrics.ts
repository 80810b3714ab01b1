import type { HttpObservation, MetricsPage, MetricsSource } from './metrics-source.ts';
import type { Exposition } from './exposition.ts';

/**
 * The metrics of one appliance (docs/metrics.md): figures are read when Prometheus asks for them, and only what has a duration is kept
 * meanwhile. The library is loaded with the first of either, so that it does not slow the start.
 */
export class Metrics {
  readonly #source: MetricsSource;
  #exposition: Promise<Exposition> | undefined;
  #scrape: Promise<MetricsPage> | undefined;

  constructor(source: MetricsSource) {
    this.#source = source;
  }

  /** Counts an HTTP request. */
  observeHttp(observation: HttpObservation): void {
    void this.#loaded().then((exposition) => exposition.observeHttp(observation));
  }

  /** All metrics as they are now, in the text format of Prometheus. Whoever asks meanwhile gets the same answer. */
  async scrape(): Promise<MetricsPage> {
    this.#scrape ??= this.#loaded()
      .then((exposition) => exposition.page())
      .finally(() => (this.#scrape = undefined));
    return this.#scrape;
  }

  /** Ends what watches the process, when the appliance stops. */
  close(): void {
    void this.#exposition?.then((exposition) => exposition.close());
  }

  #loaded(): Promise<Exposition> {
    this.#exposition ??= import('./exposition.ts').then(({ Exposition }) => new Exposition(this.#source));
    return this.#exposition;
  }
}
