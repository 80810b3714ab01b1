import { strict as assert } from 'node:assert';
import type { AppCredentials } from '../credentials/credential-set.ts';
import type { Credential } from '../credentials/credential.ts';
import { parseCidr, type Cidr } from '../stun/cidr.ts';
import { emptyAddressPlan, type AddressPlanIndex } from './address-plan.ts';
import { PeerPolicy, type PeerRanges } from './peer-policy.ts';

/** Which peers whose relays may reach: the operator's ranges, and for an app with ranges of its own both together. */
export class PeerRules {
  readonly #configured: PeerRanges;
  readonly #ranges = new Map<string, PeerRanges>();
  readonly #policies = new Map<string, PeerPolicy>();
  #plan = emptyAddressPlan;
  #policy: PeerPolicy;

  constructor(configured: PeerRanges) {
    this.#configured = configured;
    this.#policy = new PeerPolicy(configured, this.#plan);
  }

  /** The one check on the peers of this credential's sessions. */
  policyOf(credential: Credential): PeerPolicy {
    if (credential.kind === 'static') return this.#policy;
    return this.#policies.get(credential.app) ?? this.#policy;
  }

  /** Our addresses have changed. */
  setPlan(plan: AddressPlanIndex): void {
    this.#plan = plan;
    this.#policy = new PeerPolicy(this.#configured, plan);
    for (const [app, ranges] of this.#ranges) this.#policies.set(app, new PeerPolicy(ranges, plan));
  }

  /** Sets an app's own ranges. One that `parseCidr` does not read is a caller's bug. */
  set(app: string, { allow, deny }: AppCredentials['peers']): void {
    this.remove(app);
    if (allow.length + deny.length === 0) return;
    const ranges = {
      allow: [...this.#configured.allow, ...allow.map(rangeOf)],
      deny: [...this.#configured.deny, ...deny.map(rangeOf)],
    };
    this.#ranges.set(app, ranges);
    this.#policies.set(app, new PeerPolicy(ranges, this.#plan));
  }

  /** The app has no ranges of its own any more. */
  remove(app: string): void {
    this.#ranges.delete(app);
    this.#policies.delete(app);
  }
}

function rangeOf(text: string): Cidr {
  const range = parseCidr(text);
  assert(range !== null, `${text} is no range`);
  return range;
}
