import { revokeUsedUp } from '../api/admin/retired-secrets.ts';
import { rotateDue } from '../api/admin/rotation.ts';
import { SessionCounts } from '../api/admin/session-counts.ts';
import type { ResolvedConfig } from '../config/resolved-config.ts';
import { StoreError } from '../store/store-error.ts';
import type { ApplianceLog } from './appliance-log.ts';
import type { Records } from './records.ts';

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

/** What the schedule works with. */
export interface ScheduleParts {
  readonly records: Records;
  readonly retention: () => ResolvedConfig['retention'];
  readonly configuredSecrets: () => readonly { readonly id: string; readonly origin: string }[];
  readonly log: ApplianceLog;
}

/** What an appliance does by itself, hour by hour: rotates the secrets of apps that ask for it, and forgets what is too old. */
export class Schedule {
  readonly #parts: ScheduleParts;
  readonly #timer: NodeJS.Timeout;
  #last: Promise<void> = Promise.resolve();

  constructor(parts: ScheduleParts) {
    this.#parts = parts;
    this.#timer = setInterval(() => {
      this.#last = this.run(Date.now());
    }, hourMs).unref();
  }

  /** Does what is due. What the database does not take now is due again in an hour. */
  async run(nowMs: number): Promise<void> {
    const { records, retention, log } = this.#parts;
    try {
      this.#rotate(nowMs);
      revokeUsedUp(records.store, new SessionCounts(records.sessions.all), nowMs);
      records.store.audit.forgetBefore(nowMs - retention().auditDays * dayMs);
      await records.accounting.forget(retention());
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      log.scheduleFailed(error);
    }
  }

  /** No more from now on; resolves when nothing of it is under way. */
  async end(): Promise<void> {
    clearInterval(this.#timer);
    await this.#last;
  }

  #rotate(nowMs: number): void {
    const { records, configuredSecrets, log } = this.#parts;
    const { store } = records;
    const parts = { store, configured: { secrets: configuredSecrets }, nowMs: () => nowMs };
    for (const rotation of rotateDue(parts)) {
      if ('refusal' in rotation) {
        log.secretNotRotated(rotation.app, rotation.refusal);
        continue;
      }
      const { secret, retiring } = rotation.done;
      log.secretRotated(
        rotation.app,
        secret.id,
        retiring.map(({ id }) => id),
      );
    }
  }
}
