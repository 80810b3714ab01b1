import { CredentialBook, type Applied } from '../credentials/credential-book.ts';
import type { CredentialChange, CredentialDelta } from '../credentials/credential-set.ts';
import { emptyAddressPlan, type AddressPlanIndex } from './address-plan.ts';
import { Bans } from './bans.ts';
import type { PeerRanges } from './peer-policy.ts';
import { PeerRules } from './peer-rules.ts';

/** What belongs to one set of credentials beside the book, which keeps its own. */
interface Tables {
  readonly bans: Bans;
  readonly peers: PeerRules;
}

/** Who may do what: credentials, bans and peer rules, which change together. */
export class AccessRules {
  readonly book = new CredentialBook();
  readonly #configured: PeerRanges;
  #plan = emptyAddressPlan;
  #inForce: Tables;
  #next: Tables | undefined;

  constructor(configured: PeerRanges) {
    this.#configured = configured;
    this.#inForce = this.#tables();
  }

  /** The bans in force. */
  get bans(): Bans {
    return this.#inForce.bans;
  }

  /** The peer rules in force. */
  get peers(): PeerRules {
    return this.#inForce.peers;
  }

  /** Applies a change, as `CredentialBook.apply` does. */
  apply(delta: CredentialDelta): Applied {
    const { change } = delta;
    const applied = this.book.apply(delta);
    if (applied === 'gap') this.#next = undefined;
    else if (change.kind === 'reset') this.#next = this.#tables();
    else if (change.kind === 'complete') this.#complete();
    else applyTo(this.#next ?? this.#inForce, change);
    return applied;
  }

  /** Our addresses have changed. */
  setPlan(plan: AddressPlanIndex): void {
    this.#plan = plan;
    this.#inForce.peers.setPlan(plan);
    this.#next?.peers.setPlan(plan);
  }

  #complete(): void {
    this.#inForce = this.#next ?? this.#inForce;
    this.#next = undefined;
  }

  #tables(): Tables {
    const peers = new PeerRules(this.#configured);
    peers.setPlan(this.#plan);
    return { bans: new Bans(), peers };
  }
}

function applyTo({ bans, peers }: Tables, change: CredentialChange): void {
  switch (change.kind) {
    case 'apps':
      for (const app of change.apps) peers.set(app.id, app.peers);
      return;
    case 'remove-app':
      return peers.remove(change.id);
    case 'bans':
      for (const ban of change.bans) bans.add(ban);
      return;
    case 'remove-ban':
      return bans.remove(change.id);
    case 'users':
    case 'remove-user':
    case 'reset':
    case 'complete':
      return;
  }
}
