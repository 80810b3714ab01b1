import { expect } from 'vitest';
import { formatTransportAddress } from '../../server/stun/ip-text.ts';
import type { LabAllocation, LabHost } from './lab-host.ts';

const relayChannel = 0x4001;
const peerChannel = 0x4002;

/** Lets two allocations reach each other, by Send and by ChannelData, both ways: relay to relay. */
export async function expectExchange(one: LabAllocation, other: LabAllocation): Promise<void> {
  for (const [sender, receiver] of bothWays(one, other)) expect(await sender.permit(receiver.relayed)).toBe(0);
  for (const [sender, receiver] of bothWays(one, other)) {
    const from = formatTransportAddress(sender.relayed);
    await sender.send(receiver.relayed, `Send from ${from}`);
    expect(await receiver.nextMedia()).toEqual({ from, text: `Send from ${from}` });
  }
  for (const [sender, receiver] of bothWays(one, other)) {
    expect(await sender.bindChannel(relayChannel, receiver.relayed)).toBe(0);
  }
  for (const [sender, receiver] of bothWays(one, other)) {
    const text = `ChannelData from ${formatTransportAddress(sender.relayed)}`;
    await sender.sendChannel(relayChannel, text);
    expect(await receiver.nextMedia()).toEqual({ from: `channel ${relayChannel}`, text });
  }
}

/** Lets an allocation reach a peer that echoes at an address of a host; the peer sees the relayed transport address. */
export async function expectEcho(allocation: LabAllocation, host: LabHost, address: string): Promise<void> {
  const peer = await host.openPeer(address);
  expect(await allocation.permit(peer)).toBe(0);
  await allocation.send(peer, 'by Send');
  expect(await host.nextHeard()).toEqual({ from: formatTransportAddress(allocation.relayed), text: 'by Send' });
  expect(await allocation.nextMedia()).toEqual({ from: formatTransportAddress(peer), text: 'by Send' });
  expect(await allocation.bindChannel(peerChannel, peer)).toBe(0);
  await allocation.sendChannel(peerChannel, 'by ChannelData');
  expect(await host.nextHeard()).toEqual({ from: formatTransportAddress(allocation.relayed), text: 'by ChannelData' });
  expect(await allocation.nextMedia()).toEqual({ from: `channel ${peerChannel}`, text: 'by ChannelData' });
}

function bothWays(one: LabAllocation, other: LabAllocation): readonly (readonly [LabAllocation, LabAllocation])[] {
  return [
    [one, other],
    [other, one],
  ];
}
