import type { Readiness } from '../api/public/health.ts';
import type { AdminReply, AdminRequest, SetupLinkReply } from '../contract/control.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { TlsMaterial } from '../transport/tls-material.ts';
import type { ApplianceView } from './appliance-view.ts';
import type { SessionChange } from './live-sessions.ts';
import type { Management } from './management.ts';
import { noHttp, type HttpSurface } from './no-http.ts';

/** What the HTTP listeners are opened with, besides what they serve. */
export interface HttpOpening {
  readonly tls: TlsMaterial | null;
  readonly readiness: () => Readiness;
  readonly onFailure: (error: Error) => void;
}

/** The administration of an appliance, loaded when it is first needed: a program that embeds the relay alone does without. */
export class Administration {
  readonly #view: ApplianceView;
  readonly #log: Logger;
  #management: Promise<Management> | null = null;
  #loaded: Management | null = null;

  constructor(view: ApplianceView, log: Logger) {
    this.#view = view;
    this.#log = log;
  }

  /**
   * Opens the HTTP listeners that are configured.
   * @throws EnvironmentError when a port cannot be bound
   */
  async openHttp(opening: HttpOpening): Promise<HttpSurface> {
    const { public: publicListen, admin, metrics } = this.#view.config().http;
    if (publicListen === null && admin === null && metrics === null) return noHttp;
    const management = await this.#open();
    const { openHttpSurface } = await import('./http-surface.ts');
    return openHttpSurface({ view: this.#view, management, ...opening });
  }

  /** A local command's request to the admin API. */
  async answer(request: AdminRequest): Promise<AdminReply> {
    return (await this.#open()).api.asLocal(request);
  }

  /** A fresh setup link. */
  async setupLink(): Promise<SetupLinkReply> {
    const { url, expiresAtMs } = (await this.#open()).setup.fresh();
    return { url, expiresAt: new Date(expiresAtMs).toISOString() };
  }

  /** The setup link of a start: where there is an admin listener, and no owner yet. */
  firstSetupUrl(): string | null {
    if (this.#view.config().http.admin === null) return null;
    return this.#loaded?.setupLinkIfNeeded()?.url ?? null;
  }

  /** Takes note of what became of a session. */
  noteSession(change: SessionChange): void {
    this.#loaded?.noteSession(change);
  }

  /** Ends what streams there are, and writes what is kept in memory. */
  async close(): Promise<void> {
    await (await this.#management)?.close();
  }

  #open(): Promise<Management> {
    this.#management ??= import('./management.ts').then(({ Management }) => {
      this.#loaded = new Management(this.#view, this.#log);
      return this.#loaded;
    });
    return this.#management;
  }
}
