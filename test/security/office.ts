/** An office at nine o'clock (SECURITY.md 5). */
export const office = {
  clients: 5000,
  allocationsPerClient: 2,
  oneWrongIn: 100,
  triesWithWrongPassword: 3,
  /** All arrive within this time. */
  arrivalMs: 3000,
} as const;

/** How Allocates were answered: how often with which error code, 0 for success, `null` for silence. */
export interface OfficeReport {
  readonly right: Readonly<Record<string, number>>;
  readonly wrong: Readonly<Record<string, number>>;
  /** How many different relayed transport addresses were given out. */
  readonly relayedAddresses: number;
}
