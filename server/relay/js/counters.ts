import type { DirectionCounters, DropCounters } from '../../seam/plane.ts';

/** Counts one direction of one relay. */
export class DirectionTally {
  packets = 0;
  bytes = 0;
  drops = 0;

  /** Whether nothing was counted since the last `take`. */
  get isZero(): boolean {
    return this.packets === 0 && this.drops === 0;
  }

  /** Answers the counts and starts again from zero. */
  take(): DirectionCounters {
    const { packets, bytes, drops } = this;
    this.packets = 0;
    this.bytes = 0;
    this.drops = 0;
    return { packets, bytes, drops };
  }
}

/** Counts dropped packets by cause. */
export class DropTally {
  malformed = 0;
  unknownChannel = 0;
  notPermitted = 0;
  rateLimited = 0;
  notSent = 0;

  /** Answers the counts and starts again from zero. */
  take(): DropCounters {
    const { malformed, unknownChannel, notPermitted, rateLimited, notSent } = this;
    this.malformed = 0;
    this.unknownChannel = 0;
    this.notPermitted = 0;
    this.rateLimited = 0;
    this.notSent = 0;
    return { malformed, unknownChannel, notPermitted, rateLimited, notSent };
  }
}
