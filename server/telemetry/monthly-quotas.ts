import type { MonthlyBytes, MonthlyOwner } from '../store/usage.ts';

/** Whose quota became exhausted, or was given anew. */
export interface QuotaChange {
  readonly kind: MonthlyOwner;
  readonly name: string;
}

/** The limit of an owner in bytes a month; null: there is none. */
export type LimitOf = (kind: MonthlyOwner, name: string) => number | null;

/**
 * The bytes of the calendar month (UTC), of each app and TURN user, against what they may relay. Time and limits are parameters; what
 * was counted before a restart is given at the start.
 */
export class MonthlyQuotas {
  readonly #limitOf: LimitOf;
  /** Asked for once, and again when `review` says that they may be others. */
  readonly #limits = new Map<string, number | null>();
  #month: string;
  #bytes = new Map<string, number>();
  #unwritten = new Map<string, MonthlyBytes>();
  readonly #exhausted = new Set<string>();

  constructor(counted: Iterable<MonthlyBytes>, limitOf: LimitOf, nowMs: number) {
    this.#limitOf = limitOf;
    this.#month = monthOf(nowMs);
    for (const { month, kind, name, bytes } of counted) {
      if (month === this.#month) this.#bytes.set(keyOf(kind, name), bytes);
    }
    for (const key of this.#bytes.keys()) this.#judge(key);
  }

  /** The bytes of an owner in this month. */
  bytesOf(kind: MonthlyOwner, name: string): number {
    return this.#bytes.get(keyOf(kind, name)) ?? 0;
  }

  /** How many have relayed all that they may. */
  get exhausted(): { readonly apps: number; readonly users: number } {
    const kinds = Array.from(this.#exhausted, (key) => ownerOf(key).kind);
    const apps = kinds.filter((kind) => kind === 'app').length;
    return { apps, users: kinds.length - apps };
  }

  /** Whether an owner has relayed all that it may. */
  isExhausted(kind: MonthlyOwner, name: string): boolean {
    return this.#exhausted.has(keyOf(kind, name));
  }

  /** Counts bytes; returns whether that used the quota up just now. */
  add(kind: MonthlyOwner, name: string, bytes: number): boolean {
    const key = keyOf(kind, name);
    this.#bytes.set(key, (this.#bytes.get(key) ?? 0) + bytes);
    const waiting = this.#unwritten.get(`${this.#month}\0${key}`)?.bytes ?? 0;
    this.#unwritten.set(`${this.#month}\0${key}`, { month: this.#month, kind, name, bytes: waiting + bytes });
    return this.#judge(key) && this.#exhausted.has(key);
  }

  /** The limit of an owner may be another one; returns whether that exhausts it, or gives it anew. */
  review(kind: MonthlyOwner, name: string): boolean {
    const key = keyOf(kind, name);
    this.#limits.delete(key);
    return this.#judge(key);
  }

  /** To be called now and then: in a new month everybody begins anew. Returns who was exhausted. */
  advance(nowMs: number): readonly QuotaChange[] {
    const month = monthOf(nowMs);
    if (month === this.#month) return [];
    this.#month = month;
    this.#bytes = new Map();
    const freed = [...this.#exhausted].map(ownerOf);
    this.#exhausted.clear();
    return freed;
  }

  /** What was counted since the last time. */
  take(): readonly MonthlyBytes[] {
    const taken = [...this.#unwritten.values()];
    this.#unwritten = new Map();
    return taken;
  }

  /** Puts back what could not be written. */
  putBack(rows: readonly MonthlyBytes[]): void {
    for (const row of rows) {
      const key = `${row.month}\0${keyOf(row.kind, row.name)}`;
      this.#unwritten.set(key, { ...row, bytes: row.bytes + (this.#unwritten.get(key)?.bytes ?? 0) });
    }
  }

  /** Whether the verdict has changed. */
  #judge(key: string): boolean {
    const limit = this.#limit(key);
    const isOver = limit !== null && (this.#bytes.get(key) ?? 0) >= limit;
    if (isOver === this.#exhausted.has(key)) return false;
    if (isOver) this.#exhausted.add(key);
    else this.#exhausted.delete(key);
    return true;
  }

  #limit(key: string): number | null {
    const known = this.#limits.get(key);
    if (known !== undefined) return known;
    const { kind, name } = ownerOf(key);
    const limit = this.#limitOf(kind, name);
    this.#limits.set(key, limit);
    return limit;
  }
}

function keyOf(kind: MonthlyOwner, name: string): string {
  return `${kind}\0${name}`;
}

function ownerOf(key: string): QuotaChange {
  const at = key.indexOf('\0');
  return { kind: key.slice(0, at) as MonthlyOwner, name: key.slice(at + 1) };
}

function monthOf(atMs: number): string {
  return new Date(atMs).toISOString().slice(0, 7);
}
