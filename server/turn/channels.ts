import { transportAddressKey, type TransportAddress } from '../stun/transport-address.ts';
import type { AllocatedRelay, Allocation, Channel } from './allocation.ts';
import { lifetimes } from './options.ts';
import type { TurnState } from './state.ts';

/** Whether the allocation may bind one more channel. */
export function hasRoomForChannel(state: TurnState, allocation: Allocation): boolean {
  const limit = state.options.limits.channelsPerAllocation;
  return limit === 0 || allocation.channels.size < limit;
}

/** Binds the channel or starts its ten minutes again (RFC 8656 section 12). `peer` is in its public form. */
export function installChannel(
  state: TurnState,
  relay: AllocatedRelay,
  number: number,
  peer: TransportAddress,
  nowMs: number,
): void {
  const { allocation } = relay;
  const expiresAtMs = nowMs + lifetimes.channelS * 1000;
  const known = allocation.channels.get(number);
  if (known !== undefined) {
    state.deadlines.move(known, expiresAtMs);
    return;
  }
  const channel: Channel = { kind: 'channel', relay, number, peer, expiresAtMs, deadlineIndex: -1 };
  allocation.addChannel(transportAddressKey(peer), channel);
  state.deadlines.add(channel);
  state.actions.push({ kind: 'bind-channel', relay: relay.relay.id, channel: number, peer });
}

/** Unbinds a channel whose time is over: number and peer are free at once, it is clients who wait five minutes more (RFC 8656 section 12). */
export function removeChannel(state: TurnState, channel: Channel): void {
  forgetChannel(state, channel);
  state.actions.push({ kind: 'unbind-channel', relay: channel.relay.relay.id, channel: channel.number });
}

/** Forgets a channel whose relay is closed: the plane forgets it by itself. */
export function forgetChannel(state: TurnState, channel: Channel): void {
  channel.relay.allocation.removeChannel(transportAddressKey(channel.peer), channel);
  if (channel.deadlineIndex !== -1) state.deadlines.remove(channel);
}
