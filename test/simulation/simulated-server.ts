import type { Action } from '../../server/seam/action.ts';
import type { Client } from '../../server/seam/client.ts';
import { readXorAddress } from '../../server/stun/addresses.ts';
import { channelDataHeader, readChannelData } from '../../server/stun/channel-data.ts';
import { isSendIndication } from '../../server/stun/media-frame.ts';
import { attribute, decodeMessage, MessageWriter } from '../../server/stun/message.ts';
import { AttributeType, Method } from '../../server/stun/registry.ts';
import { ipKey, transportAddressKey, type TransportAddress } from '../../server/stun/transport-address.ts';
import type { Draw } from '../fuzz/engine/draw.ts';
import { concatenated } from '../fuzz/engine/mutate-bytes.ts';
import type { ModelRelay } from '../turn/plane-model.ts';
import type { TestMachine } from '../turn/test-machine.ts';
import type { VirtualNetwork } from './virtual-network.ts';
import type { Witness } from './witness.ts';

/** The real machine on a virtual network: its timers run by the network's clock, and the plane's model forwards media. */
export class SimulatedServer {
  readonly machine: TestMachine;
  readonly #network: VirtualNetwork;
  readonly #witness: Witness;
  readonly #draw: Draw;
  readonly #attached = new Set<ModelRelay>();
  /** Of the peers of channels the plane's model keeps keys alone. */
  readonly #peers = new Map<string, TransportAddress>();

  constructor(machine: TestMachine, network: VirtualNetwork, witness: Witness, draw: Draw) {
    this.machine = machine;
    this.#network = network;
    this.#witness = witness;
    this.#draw = draw;
    // Opening a socket takes time, and some ports are other programs'.
    machine.answerOpen = () => 'later';
    machine.observe = (action) => this.#apply(action);
  }

  /** When the machine or its plane wants to do something next. */
  get nextMs(): number {
    return this.machine.server.nextTimeoutMs;
  }

  /** A message of a client has arrived. */
  receive(bytes: Uint8Array, client: Client): void {
    this.#witness.received(client, bytes);
    if ((bytes[0] ?? 0) >> 6 === 1) return this.#forwardChannelData(bytes, client);
    if (isSendIndication(bytes)) return this.#forwardSend(bytes, client);
    this.#catchUp();
    this.machine.receive(bytes, client);
    this.#followRelays();
  }

  /** A stream has ended. */
  clientGone(client: Client): void {
    this.#catchUp();
    this.machine.clientGone(client);
    this.#followRelays();
  }

  /** Lets the machine's time be that of the network. */
  tick(): void {
    this.#catchUp();
    if (this.nextMs <= this.machine.nowMs) {
      this.machine.server.handleTimeout(this.machine.nowMs);
      this.machine.drain();
    }
    this.#followRelays();
  }

  #catchUp(): void {
    this.machine.nowMs = this.#network.nowMs;
  }

  #apply(action: Action): void {
    if (action.kind === 'send') {
      this.#witness.sent(action.client, action.bytes, this.#network.nowMs);
      this.#sendToClient(action.client, action.bytes);
    } else if (action.kind === 'session-event') {
      this.#witness.session(action.event);
    } else if (action.kind === 'open-relay' || action.kind === 'open-relay-pair') {
      this.#network.after(1 + this.#draw.below(30), () => {
        this.#catchUp();
        this.machine.answer(action.relay, this.#draw.oneIn(8) ? 'port-taken' : 'open');
        this.#followRelays();
      });
    }
  }

  /** Attaches to the network what the plane has opened, and detaches what it has closed. */
  #followRelays(): void {
    const open = new Set(this.machine.plane.relays.values());
    for (const relay of open) {
      if (this.#attached.has(relay)) continue;
      this.#attached.add(relay);
      this.#network.attach(relay.address, (bytes, from) => this.#forwardFromPeer(relay, bytes, from));
    }
    for (const relay of this.#attached) {
      if (open.has(relay)) continue;
      this.#attached.delete(relay);
      this.#network.detach(relay.address);
    }
  }

  #sendToClient(client: Client, bytes: Uint8Array): void {
    if (client.transport === 'udp') this.#network.sendDatagram(client.local, client.remote, bytes);
    else this.#network.sendOnStream(client.local, client.remote, bytes);
  }

  #relayOf(client: Client): ModelRelay | undefined {
    return [...this.machine.plane.relays.values()].find((relay) => relay.client === client);
  }

  #forwardSend(bytes: Uint8Array, client: Client): void {
    const message = decodeMessage(bytes);
    if (typeof message === 'string') return;
    const value = attribute(message, AttributeType.xorPeerAddress) ?? new Uint8Array();
    const peer = readXorAddress(value, message.transactionId);
    if (peer !== null) this.#sendToPeer(client, peer, attribute(message, AttributeType.data) ?? new Uint8Array());
  }

  #forwardChannelData(bytes: Uint8Array, client: Client): void {
    const frame = readChannelData(bytes);
    if (frame === null) return;
    const bound = this.#relayOf(client)?.channels.get(frame.channel);
    const peer = [...this.#peers.values()].find((address) => transportAddressKey(address) === bound);
    if (peer !== undefined) this.#sendToPeer(client, peer, frame.data);
  }

  /** A peer that channels may be bound to. */
  knowPeer(peer: TransportAddress): void {
    this.#peers.set(transportAddressKey(peer), peer);
  }

  #sendToPeer(client: Client, peer: TransportAddress, data: Uint8Array): void {
    const relay = this.#relayOf(client);
    if (relay?.permitted.has(ipKey(peer.ip)) !== true) return;
    this.#witness.passed(client, peer.ip, this.#network.nowMs);
    this.#network.sendDatagram(relay.address, peer, data);
  }

  #forwardFromPeer(relay: ModelRelay, data: Uint8Array, from: TransportAddress): void {
    const { client } = relay;
    if (client === undefined || !relay.permitted.has(ipKey(from.ip))) return;
    this.#witness.passed(client, from.ip, this.#network.nowMs);
    const bound = [...relay.channels].find(([, peer]) => peer === transportAddressKey(from));
    if (bound !== undefined) {
      this.#sendToClient(client, concatenated(channelDataHeader(bound[0], data.length), data));
      return;
    }
    const writer = new MessageWriter(Method.data, 'indication', this.#draw.bytes(12));
    writer.xorAddress(AttributeType.xorPeerAddress, from).attribute(AttributeType.data, data);
    this.#sendToClient(client, writer.finish());
  }
}
