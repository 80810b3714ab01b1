/** What the relay thread says of itself: `RelayStatus`, as far as it is measured. */
export interface RelayFigures {
  readonly engine: string;
  readonly allocations: number;
  /** What was counted since the thread started, by the part that counted it. */
  readonly counts: Readonly<Record<'traffic' | 'drops' | 'machine' | 'streams', Readonly<Record<string, number>>>>;
}

/** How long a thread was busy and idle since it started (`performance.eventLoopUtilization()`). */
export interface EventLoopTimes {
  /** Milliseconds, both. */
  readonly active: number;
  readonly idle: number;
}

/** How the database is. */
export interface StoreFigures {
  /** Whether the last write was done. */
  readonly isHealthy: boolean;
  /** Transactions since the start, how long they took together, and those that failed (`Store.written`). */
  readonly written: { readonly count: number; readonly ms: number; readonly failures: number };
  /** Of the file; 0 for one in memory. */
  readonly sizeBytes: number;
  /** Of its write-ahead log. */
  readonly walBytes: number;
}

/** Where the metrics of an appliance come from: plain values, read when Prometheus asks. What throws a StoreError is left out. */
export interface MetricsSource {
  readonly version: string;
  /** Ports that allocations may have; each family of addresses has as many. */
  readonly relayPorts: number;
  /** Null while the relay thread does not answer. */
  relay(): Promise<RelayFigures | null>;
  /** Null while there is no relay thread. */
  relayEventLoop(): EventLoopTimes | null;
  /** Restarts of the relay thread that nobody asked for. */
  relayRestarts(): number;
  /** Sessions that began since the start, by the transport of the client. */
  sessionsStarted(): ReadonlyMap<string, number>;
  /** Sessions that have ended since the start, by their cause. */
  sessionsEnded(): ReadonlyMap<string, number>;
  /** Requests that were refused since the start, by cause (`FailureLog.totals`). */
  refusals(): ReadonlyMap<string, number>;
  /** Bans in force. */
  bans(): number;
  /** Apps and TURN users that have used up the bytes of the month. */
  exhausted(): { readonly apps: number; readonly users: number };
  store(): StoreFigures;
  /** Rows of usage that are yet to be written. */
  usageRowsWaiting(): number;
  /** Null without TLS. Unix time. */
  certificateExpiresAtMs(): number | null;
}

/** An HTTP request that was answered. */
export interface HttpObservation {
  /** As it was registered, `/admin/v1/apps/:app`; null where no route was found. */
  readonly route: string | null;
  readonly method: string;
  /** Of the response. */
  readonly status: number;
  readonly seconds: number;
}

/** What Prometheus is answered. */
export interface MetricsPage {
  readonly contentType: string;
  readonly text: string;
}
