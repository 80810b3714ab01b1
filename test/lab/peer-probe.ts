/**
 * A client beside the server. For each peer that it is given it tries everything that could make a relay send there, and
 * every packet says which way it took. Arguments: how to reach the server (`udp`, `tcp`), or `unguarded` to send
 * without one; then the peers.
 */
import { createSocket } from 'node:dgram';
import { ip } from '../support/addresses.ts';
import { PatientClient } from '../security/patient-client.ts';
import { canaryPort, labUser, serverAddresses, turnPort } from './lab-addresses.ts';
import { openLocalCanary } from './local-canary.ts';
import { report } from './report.ts';

const firstChannel = 0x4000;

async function tryPeer(client: PatientClient, peer: string, channel: number): Promise<void> {
  const address = { ip: ip(peer), port: canaryPort };
  const send = (way: string): void => client.sendTo(address, Buffer.from(`${peer} ${way}`));
  const sendChannel = (way: string): void => client.sendChannel(channel, Buffer.from(`${peer} ${way}`));
  send('Send before CreatePermission');
  sendChannel('ChannelData before ChannelBind');
  const permission = await client.permit(address);
  send('Send');
  const bound = await client.bindChannel(channel, address);
  sendChannel('ChannelData');
  report({ event: 'answered', peer, permission: permission.code, channel: bound.code });
}

async function sendThroughRelay(client: PatientClient, peers: readonly string[]): Promise<void> {
  const { code } = await client.allocate('both');
  if (code !== 0) throw new Error(`Allocate was answered ${code ?? 'by nobody'}`);
  for (const [index, peer] of peers.entries()) await tryPeer(client, peer, firstChannel + index);
  // The answer tells that the server has dealt with the last packet as well.
  await client.refresh(600);
}

/** From sockets like those of relays: what the system does not send for these it sends for no relay either. */
async function sendUnguarded(peers: readonly string[]): Promise<void> {
  const sockets = { 4: createSocket('udp4'), 6: createSocket('udp6') };
  for (const family of [4, 6] as const) {
    await new Promise<void>((resolve) => sockets[family].bind(0, serverAddresses[`ipv${family}`], resolve));
  }
  for (const peer of peers) {
    await new Promise((resolve) => sockets[ip(peer).family].send(`${peer} unguarded`, canaryPort, peer, resolve));
  }
}

const [way, ...peers] = process.argv.slice(2);
const settled = await openLocalCanary();
const server = { ip: ip(serverAddresses.ipv4), port: turnPort };
if (way === 'unguarded') await sendUnguarded(peers);
else if (way === 'tcp') await sendThroughRelay(await PatientClient.overTcp(server, labUser), peers);
else await sendThroughRelay(await PatientClient.overUdp(server, labUser), peers);
await settled();
report({ event: 'done' });
