import { strict as assert } from 'node:assert';
import { longTermKey, type KeyAlgorithm } from '../../server/credentials/long-term-key.ts';
import { restPassword, restUsername } from '../../server/credentials/rest-username.ts';
import type { Client } from '../../server/seam/client.ts';
import { writePasswordAlgorithm, writePasswordAlgorithms } from '../../server/stun/credentials-attributes.ts';
import { MessageWriter } from '../../server/stun/message.ts';
import { AttributeType, Method, PasswordAlgorithm } from '../../server/stun/registry.ts';
import type { IpFamily, TransportAddress } from '../../server/stun/transport-address.ts';
import {
  writeChannelNumber,
  writeLifetime,
  writeRequestedAddressFamily,
  writeRequestedTransport,
} from '../../server/stun/turn-attributes.ts';
import { at } from './addresses.ts';
import { Reply } from './reply.ts';
import { realm, restSecret, type TestMachine } from './test-machine.ts';

export interface TestClientSettings {
  readonly address?: TransportAddress;
  readonly transport?: 'udp' | 'tcp';
  readonly username?: string;
  readonly password?: string;
  /** Which generation of the long-term credential mechanism the client speaks. */
  readonly speaks?: 'rfc5389' | 'rfc8489';
}

/** What a request has instead of what a well-behaved client would put in. */
export interface RequestDetails {
  readonly transactionId?: Uint8Array;
  readonly fingerprint?: boolean;
  readonly username?: string | Uint8Array | null;
  readonly userhash?: Uint8Array;
  readonly realm?: string | null;
  readonly nonce?: string | null;
  readonly password?: string;
  /** Adds PASSWORD-ALGORITHMS and PASSWORD-ALGORITHM in its own way. */
  readonly writeAlgorithms?: (writer: MessageWriter) => void;
  readonly keyAlgorithm?: KeyAlgorithm;
  readonly integrity?: 'sha1' | 'sha256' | 'both' | 'none';
  /** Adds attributes after the integrity. */
  readonly writeAfterIntegrity?: (bytes: Uint8Array) => Uint8Array;
}

export type WriteAttributes = (writer: MessageWriter) => void;

export const requestedTransportUdp: WriteAttributes = (writer) => void writeRequestedTransport(writer, 17);

let lastPort = 20_000;

/** A client that authenticates by the long-term credential mechanism (RFC 8489 section 9.2.3), and misbehaves where it is told to. */
export class TestClient {
  readonly machine: TestMachine;
  readonly client: Client;
  readonly username: string;
  readonly password: string;
  readonly speaks: 'rfc5389' | 'rfc8489';
  #nonce: string | undefined;

  constructor(machine: TestMachine, settings: TestClientSettings = {}) {
    this.machine = machine;
    const address = settings.address ?? at('203.0.113.50', ++lastPort);
    this.client = settings.transport === 'tcp' ? machine.streamClient(address) : machine.udpClient(address);
    this.username = settings.username ?? 'alice';
    this.password = settings.password ?? 'wonderland';
    this.speaks = settings.speaks ?? 'rfc5389';
  }

  /** A client with a time-limited credential of the first secret. */
  static withRestCredential(
    machine: TestMachine,
    subject: string,
    ttlS: number,
    settings: Omit<TestClientSettings, 'username' | 'password'> & { readonly secret?: Uint8Array } = {},
  ): TestClient {
    const username = restUsername(machine.nowS + ttlS, subject);
    const password = restPassword(settings.secret ?? restSecret, username);
    return new TestClient(machine, { ...settings, username, password });
  }

  /** The nonce of a fresh challenge, kept for later requests. */
  nonce(): string {
    if (this.#nonce === undefined) {
      // By Refresh: an Allocate from a banned address is not challenged.
      const challenge = this.send(this.build(Method.refresh, () => undefined, { integrity: 'none' }));
      assert(challenge?.code === 401, 'the opening request is challenged');
      this.#nonce = challenge.nonce;
    }
    return this.#nonce;
  }

  /** Forgets the nonce: the next request asks for a new one. */
  forgetNonce(): void {
    this.#nonce = undefined;
  }

  /** Sends an authenticated request and answers the reply to it, if there was one at once. */
  request(method: number, write: WriteAttributes = () => undefined, details: RequestDetails = {}): Reply | undefined {
    const integrity = details.integrity ?? (this.speaks === 'rfc8489' ? 'sha256' : 'sha1');
    const nonce = integrity === 'none' || details.nonce !== undefined ? undefined : this.nonce();
    return this.send(this.build(method, write, nonce === undefined ? details : { nonce, ...details }));
  }

  allocate(write: WriteAttributes = () => undefined, details: RequestDetails = {}): Reply | undefined {
    return this.request(Method.allocate, (writer) => {
      requestedTransportUdp(writer);
      write(writer);
    }, details); // prettier-ignore
  }

  refresh(lifetimeS?: number, family?: IpFamily): Reply | undefined {
    return this.request(Method.refresh, (writer) => {
      if (lifetimeS !== undefined) writeLifetime(writer, lifetimeS);
      if (family !== undefined) writeRequestedAddressFamily(writer, family);
    });
  }

  createPermission(...peers: TransportAddress[]): Reply | undefined {
    return this.request(Method.createPermission, (writer) => {
      for (const peer of peers) writer.xorAddress(AttributeType.xorPeerAddress, peer);
    });
  }

  channelBind(channel: number, peer: TransportAddress): Reply | undefined {
    return this.request(Method.channelBind, (writer) => {
      writeChannelNumber(writer, channel);
      writer.xorAddress(AttributeType.xorPeerAddress, peer);
    });
  }

  /** Sends any bytes and answers the first message that came back to this client. */
  send(bytes: Uint8Array): Reply | undefined {
    for (const action of this.machine.receive(bytes, this.client)) {
      if (action.kind === 'send' && action.client === this.client) return new Reply(action.bytes);
    }
    return undefined;
  }

  /** The last message that this client was sent. */
  lastReply(): Reply | undefined {
    const sent = this.machine.sent.findLast(({ client }) => client === this.client);
    return sent === undefined ? undefined : new Reply(sent.bytes);
  }

  /** The key that this client signs with, and expects answers to be signed with. */
  key(details: RequestDetails = {}): Uint8Array {
    const algorithm = details.keyAlgorithm ?? (this.speaks === 'rfc8489' ? 'sha256' : 'md5');
    const username = typeof details.username === 'string' ? details.username : this.username;
    return longTermKey(algorithm, username, details.realm ?? realm, details.password ?? this.password);
  }

  /** A request as bytes. */
  build(method: number, write: WriteAttributes, details: RequestDetails): Uint8Array {
    const writer = new MessageWriter(method, 'request', details.transactionId ?? this.machine.randomBytes(12));
    write(writer);
    const integrity = details.integrity ?? (this.speaks === 'rfc8489' ? 'sha256' : 'sha1');
    if (integrity !== 'none') this.#writeCredentials(writer, details);
    const key = integrity === 'none' ? new Uint8Array() : this.key(details);
    if (integrity === 'sha1' || integrity === 'both') writer.integritySha1(key);
    if (integrity === 'sha256' || integrity === 'both') writer.integritySha256(key);
    if (details.fingerprint === true) writer.fingerprint();
    return details.writeAfterIntegrity?.(writer.finish()) ?? writer.finish();
  }

  #writeCredentials(writer: MessageWriter, details: RequestDetails): void {
    const username =
      details.username === undefined && details.userhash === undefined ? this.username : details.username;
    if (typeof username === 'string') writer.text(AttributeType.username, username);
    else if (username !== null && username !== undefined) writer.attribute(AttributeType.username, username);
    if (details.userhash !== undefined) writer.attribute(AttributeType.userhash, details.userhash);
    if (details.realm !== null) writer.text(AttributeType.realm, details.realm ?? realm);
    if (details.nonce !== null) writer.text(AttributeType.nonce, details.nonce ?? this.nonce());
    if (details.writeAlgorithms !== undefined) details.writeAlgorithms(writer);
    else if (this.speaks === 'rfc8489') {
      writePasswordAlgorithms(writer, [PasswordAlgorithm.sha256, PasswordAlgorithm.md5]);
      writePasswordAlgorithm(writer, PasswordAlgorithm.sha256);
    }
  }
}
