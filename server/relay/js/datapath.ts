import type { PlaneOptions } from '../plane-options.ts';
import { AddressTranslator } from '../../stun/address-translation.ts';
import type { AddressPlan } from '../../seam/relay.ts';
import { AddressWords } from './address-words.ts';
import { DropTally } from './counters.ts';
import { DataIndicationWriter } from './data-indication.ts';
import { ReachGuard } from './reach-guard.ts';
import { SendIndication } from './send-indication.ts';
import { SourceTranslation } from './source-translation.ts';

/** What the packet paths of one plane share. */
export class Datapath {
  /** Seeds every table of this plane. */
  readonly seed: number;
  readonly nowMs: () => number;
  readonly drops = new DropTally();
  readonly reach: ReachGuard;
  readonly dataIndications: DataIndicationWriter;
  /** Where a packet's source address is read into, and its Send indication: for one packet at a time. */
  readonly address = new AddressWords();
  readonly sendIndication = new SendIndication();
  translator: AddressTranslator;
  sources: SourceTranslation;

  constructor(options: PlaneOptions) {
    this.seed = options.randomUint32();
    this.nowMs = options.nowMs;
    this.reach = new ReachGuard(this.seed);
    this.dataIndications = new DataIndicationWriter(options.randomUint32);
    this.translator = new AddressTranslator([]);
    this.sources = new SourceTranslation([], this.translator, this.seed);
  }

  /** Translates by this plan from here on. */
  setTranslations(translations: AddressPlan['translations']): void {
    this.translator = new AddressTranslator(translations);
    this.sources = new SourceTranslation(translations, this.translator, this.seed);
  }
}
