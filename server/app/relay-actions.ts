import { assertNever } from '../contract/assert-never.ts';
import type { Action } from '../seam/action.ts';
import type { ForwardingPlane } from '../seam/plane.ts';
import type { SessionEvent } from '../seam/session-event.ts';
import type { StreamClients } from '../transport/stream-clients.ts';

/** Whoever does what the machine wants done. */
export interface ActionTargets {
  readonly plane: ForwardingPlane;
  readonly streams: StreamClients;
  readonly onSessionEvent: (event: SessionEvent) => void;
}

/** Applies one action of the machine. */
export function applyAction(action: Action, { plane, streams, onSessionEvent }: ActionTargets): void {
  switch (action.kind) {
    case 'send':
      if (action.client.transport === 'udp') plane.send(action.client, action.bytes);
      else streams.send(action.client, action.bytes);
      return;
    case 'open-relay':
      return plane.openRelay(action.relay, action.localAddress, action.port);
    case 'open-relay-pair':
      return plane.openRelayPair(action.relay, action.upperRelay, action.localAddress, action.port);
    case 'attach-relay':
      return plane.attachRelay(action.relay, action.client, action.buckets);
    case 'close-relay':
      return plane.closeRelay(action.relay);
    case 'permit-peer':
      return plane.permitPeer(action.relay, action.peer, action.reach);
    case 'revoke-peer':
      return plane.revokePeer(action.relay, action.peer);
    case 'bind-channel':
      return plane.bindChannel(action.relay, action.channel, action.peer);
    case 'unbind-channel':
      return plane.unbindChannel(action.relay, action.channel);
    case 'set-rate':
      return plane.setRate(action.bucket, action.bitsPerSecond);
    case 'close-client':
      if (action.client.transport !== 'udp') streams.close(action.client);
      return;
    case 'session-event':
      noteSession(streams, action.event);
      return onSessionEvent(action.event);
    default:
      return assertNever(action);
  }
}

/** A stream lives as long as its allocation; without one it has a deadline (SECURITY.md 10). */
function noteSession(streams: StreamClients, event: SessionEvent): void {
  if (event.client.transport === 'udp') return;
  if (event.type === 'session-started') streams.markAuthenticated(event.client);
  if (event.type === 'session-ended') streams.markIdle(event.client);
}
