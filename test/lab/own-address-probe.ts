/**
 * Two clients beside the server. The first one's relay tries the server's own addresses: the port of a canary, that of the
 * listener, which would answer, and at last the other client's relay, which may be reached.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { bindingRequest, readDataIndication } from '../conformance/plane/messages.ts';
import { PatientClient, relayedAddresses } from '../security/patient-client.ts';
import { formatIp } from '../../server/stun/ip-text.ts';
import type { TransportAddress } from '../../server/stun/transport-address.ts';
import { ip } from '../support/addresses.ts';
import { canaryPort, labUser, serverAddresses, turnPort } from './lab-addresses.ts';
import { openLocalCanary } from './local-canary.ts';
import { report } from './report.ts';

const server = { ip: ip(serverAddresses.ipv4), port: turnPort };
const ownAddresses = ['127.0.0.1', serverAddresses.ipv4, '::1', serverAddresses.ipv6].map(ip);
const relayTimeoutMs = 5_000;

let channel = 0x4000;

/** Sends by every way that names a peer. */
async function sendTo(client: PatientClient, peer: TransportAddress, data: (way: string) => Uint8Array): Promise<void> {
  const permission = await client.permit(peer);
  client.sendTo(peer, data('Send'));
  const bound = await client.bindChannel(channel, peer);
  client.sendChannel(channel, data('ChannelData'));
  channel += 1;
  report({ event: 'answered', peer: formatIp(peer.ip), permission: permission.code, channel: bound.code });
}

const settled = await openLocalCanary();
const sender = await PatientClient.overUdp(server, labUser);
const receiver = await PatientClient.overUdp(server, labUser);
await sender.allocate('both');
const openRelays = relayedAddresses(await receiver.allocate('both'));
for (const own of ownAddresses) await receiver.permit({ ip: own, port: 1 });

sender.onMedia = () => report({ event: 'relayed', text: 'an answer of the listener' });
const everythingRelayed = Promise.withResolvers<void>();
let awaited = openRelays.length * 2;
receiver.onMedia = (bytes) => {
  report({ event: 'relayed', text: readDataIndication(bytes).data.toString() });
  awaited -= 1;
  if (awaited === 0) everythingRelayed.resolve();
};

for (const own of ownAddresses) {
  await sendTo(sender, { ip: own, port: canaryPort }, (way) => Buffer.from(`${formatIp(own)} ${way}`));
  await sendTo(sender, { ip: own, port: turnPort }, bindingRequest);
}
for (const relay of openRelays) {
  await sendTo(sender, relay, (way) => Buffer.from(`relay of ${formatIp(relay.ip)} ${way}`));
}
await Promise.race([everythingRelayed.promise, delay(relayTimeoutMs)]);
// What a listener has answered by now has come before the answer to this.
await sender.refresh(600);
await settled();
report({ event: 'done' });
