import type { ResolvedConfig } from '../config/resolved-config.ts';
import { selectEngine } from '../relay/engine.ts';
import type { TlsMaterial } from '../transport/tls-material.ts';
import { descriptorLimit, planDescriptors } from './descriptors.ts';
import type { RelayStart } from './relay-messages.ts';

/** What the relay thread needs besides its configuration. */
export interface RelaySecrets {
  readonly nonceKey: Uint8Array;
  /** As `RelayStart.backoff`. */
  readonly backoff: Uint8Array | null;
  /** Null: there are no `tls://` listeners. */
  readonly tls: TlsMaterial | null;
}

/** What the relay thread is started with, and what the operator should know of it. */
export interface PlannedRelayStart {
  readonly start: RelayStart;
  readonly warnings: readonly string[];
}

/** Puts together all that the relay thread is started with. */
export function planRelayStart(
  turn: ResolvedConfig['turn'],
  { nonceKey, backoff, tls }: RelaySecrets,
): PlannedRelayStart {
  const portCount = turn.relayPorts.last - turn.relayPorts.first + 1;
  const descriptors = planDescriptors(turn.limits.allocationsTotal, portCount, descriptorLimit());
  const { realm, relayPorts, channelRange, defaultAddressFamily, strictExpiry, alternateServers, peers, limits } = turn;
  const { relaysTotal, maxStreams } = descriptors;
  const start: RelayStart = {
    machine: {
      realm,
      nonceKey,
      relayPorts,
      relaysTotal,
      channelRange,
      defaultAddressFamily,
      strictExpiry,
      alternateServers,
      peers,
      limits,
    },
    engine: selectEngine(turn.engine),
    listen: turn.listen,
    tls,
    publicAddress: turn.publicAddress,
    relayAddress: turn.relayAddress,
    maxStreams,
    backoff,
  };
  return { start, warnings: descriptors.warning === undefined ? [] : [descriptors.warning] };
}
