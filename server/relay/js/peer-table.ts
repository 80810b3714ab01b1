import assert from 'node:assert';
import type { PeerReach } from '../../seam/relay.ts';
import type { AddressTranslator } from '../../stun/address-translation.ts';
import { formatIp } from '../../stun/ip-text.ts';
import type { IpAddress, IpFamily, TransportAddress } from '../../stun/transport-address.ts';
import { AddressEntry, AddressTable } from './address-table.ts';
import { wordsOf } from './address-words.ts';

/** A peer address of one relay, by its public form: permitted, bound to channels, or both (RFC 8656 sections 9 and 12). */
export class Peer extends AddressEntry {
  readonly ip: IpAddress;
  isPermitted = false;
  reach: PeerReach = 'any';
  /** Where its packets are sent: its local form, as text for the system. */
  destination = '';
  /** The words of its local form; only for addresses that are ours, whose ports are checked. */
  localWords: Int32Array | null = null;
  /** How many channels are bound to it. */
  channels = 0;

  constructor(ip: IpAddress) {
    super(ip, 0);
    this.ip = ip;
  }

  /** Finds its local form anew. */
  translate(translator: AddressTranslator): void {
    const local = translator.toLocal(this.ip);
    this.destination = formatIp(local);
    this.localWords = this.reach === 'any' ? null : wordsOf(local);
  }
}

/** A channel binding (RFC 8656 section 12), found by the peer's public address and port. */
export class Channel extends AddressEntry {
  readonly number: number;
  readonly peer: Peer;

  constructor(number: number, peer: Peer, port: number) {
    super(peer.ip, port);
    this.number = number;
    this.peer = peer;
  }
}

/** The permissions and channel bindings of one relay. */
export class PeerTable {
  readonly #peers: AddressTable<Peer>;
  readonly #channelsByPeer: AddressTable<Channel>;
  /** Made when first needed: many relays never have a channel. */
  #channels: Map<number, Channel> | null = null;
  /** The channel that was asked for last: most relays have one that is busy. */
  #recentChannel: Channel | undefined;

  constructor(seed: number) {
    this.#peers = new AddressTable(seed);
    this.#channelsByPeer = new AddressTable(seed);
  }

  /** The peer with this public address. */
  find(family: IpFamily, words: Int32Array): Peer | undefined {
    return this.#peers.find(family, words, 0);
  }

  /** The channel that is bound to this public address and port. */
  channelOf(family: IpFamily, words: Int32Array, port: number): Channel | undefined {
    return this.#channelsByPeer.find(family, words, port);
  }

  /** The binding of a channel number. */
  channel(number: number): Channel | undefined {
    if (this.#recentChannel?.number !== number) this.#recentChannel = this.#channels?.get(number);
    return this.#recentChannel;
  }

  /** Installs a permission, or changes the reach of one. */
  permit(ip: IpAddress, reach: PeerReach, translator: AddressTranslator): void {
    const peer = this.#peerOf(ip, translator);
    peer.isPermitted = true;
    peer.reach = reach;
    peer.translate(translator);
  }

  /** Removes a permission. A channel that is bound to the peer stays, and forwards nothing (RFC 8656 section 9). */
  revoke(ip: IpAddress): void {
    const peer = this.#find(ip);
    assert(peer?.isPermitted, `no permission for ${formatIp(ip)} to revoke`);
    peer.isPermitted = false;
    this.#forget(peer);
  }

  /** Binds a channel; the same binding again changes nothing. */
  bind(number: number, { ip, port }: TransportAddress, translator: AddressTranslator): void {
    const bound = this.channel(number);
    assert(
      bound === this.channelOf(ip.family, wordsOf(ip), port),
      `channel ${number} or the peer ${formatIp(ip)} port ${port} is bound otherwise`,
    );
    if (bound !== undefined) return;
    const peer = this.#peerOf(ip, translator);
    const channel = new Channel(number, peer, port);
    this.#channels ??= new Map();
    this.#channels.set(number, channel);
    this.#channelsByPeer.add(channel);
    peer.channels++;
  }

  /** Removes a channel binding. */
  unbind(number: number): void {
    const channel = this.channel(number);
    assert(channel !== undefined, `channel ${number} is not bound`);
    this.#channels?.delete(number);
    this.#recentChannel = undefined;
    this.#channelsByPeer.remove(channel);
    channel.peer.channels--;
    this.#forget(channel.peer);
  }

  /** Finds the local form of every peer anew. */
  translate(translator: AddressTranslator): void {
    for (const peer of this.#peers) peer.translate(translator);
  }

  #peerOf(ip: IpAddress, translator: AddressTranslator): Peer {
    const known = this.#find(ip);
    if (known !== undefined) return known;
    const peer = new Peer(ip);
    peer.translate(translator);
    this.#peers.add(peer);
    return peer;
  }

  #find(ip: IpAddress): Peer | undefined {
    return this.find(ip.family, wordsOf(ip));
  }

  #forget(peer: Peer): void {
    if (!peer.isPermitted && peer.channels === 0) this.#peers.remove(peer);
  }
}
