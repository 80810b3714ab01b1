import { createPlane } from '../../../server/relay/select.ts';
import type { RelayId } from '../../../server/seam/relay.ts';
import { ipv4 } from '../../../server/stun/transport-address.ts';

// Run with few descriptors: says how opening relays ends, and that it ends well.

const loopback = ipv4(0x7f000001);
let answer = '';
let firstPort = 0;
const plane = createPlane('js', {
  channelRange: 'rfc8656',
  nowMs: () => 0,
  randomUint32: () => 1,
  events: {
    onClientMessage: () => undefined,
    onRelayOpened: (relay, { port }) => {
      answer = 'opened';
      if (relay === 1) firstPort = port;
    },
    onRelayFailed: (_relay, reason) => (answer = reason),
    onStreamDelivery: () => undefined,
    onPeerUnreachable: () => undefined,
  },
});

let lastId = 0;

function open(): string {
  plane.openRelay(++lastId as RelayId, loopback, 0);
  return answer;
}

/** On the first relay's port: it is the one that is known to be free once that relay has closed. */
function openPair(): string {
  lastId += 2;
  plane.openRelayPair((lastId - 1) as RelayId, lastId as RelayId, loopback, firstPort);
  return answer;
}

while (open() === 'opened');
const first = answer;
const pairWithoutAny = openPair();
plane.closeRelay(1 as RelayId);
const pairWithOne = openPair();
const afterwards = open();
await plane.close();
console.log(JSON.stringify({ first, pairWithoutAny, pairWithOne, afterwards }));
