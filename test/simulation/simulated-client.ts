import { strict as assert } from 'node:assert';
import type { Client } from '../../server/seam/client.ts';
import { channelDataHeader, readChannelData } from '../../server/stun/channel-data.ts';
import { attribute, decodeMessage, MessageWriter } from '../../server/stun/message.ts';
import { AttributeType, Method } from '../../server/stun/registry.ts';
import type { TransportAddress } from '../../server/stun/transport-address.ts';
import { writeChannelNumber, writeLifetime } from '../../server/stun/turn-attributes.ts';
import type { Draw } from '../fuzz/engine/draw.ts';
import { concatenated } from '../fuzz/engine/mutate-bytes.ts';
import { Reply } from '../turn/reply.ts';
import { requestedTransportUdp, TestClient, type WriteAttributes } from '../turn/test-client.ts';
import { hexOf } from '../vectors/hex.ts';
import type { SimulatedServer } from './simulated-server.ts';
import type { VirtualNetwork } from './virtual-network.ts';

/** RFC 8489 section 6.2.1: the first retransmission timeout, how many requests are sent, and how long the last one is waited for. */
const rtoMs = 500;
const requestCount = 7;
const lastWaitRtos = 16;
/** Longer than any packet takes there and back. */
const echoWaitMs = 11_000;
/** How often a client tries what the network may have swallowed. */
const patience = 400;

/** What a life waits for: the answer to a request, an echo, or time. */
type Pause =
  | { readonly kind: 'answer'; readonly bytes: Uint8Array; readonly id: string }
  | { readonly kind: 'echo'; readonly send: () => void; readonly payload: string }
  | { readonly kind: 'time'; readonly ms: number };
/** A piece of a life; it is told the answer, or undefined when none came in time. */
type Piece<Result> = Generator<Pause, Result, Reply | 'echoed' | undefined>;

/** What a client is to do with its life. */
export interface LifePlan {
  readonly subject: string;
  readonly transport: 'udp' | 'tcp';
  readonly speaks: 'rfc5389' | 'rfc8489';
  readonly episodes: number;
  readonly peers: readonly TransportAddress[];
  /** A fresh local transport address. */
  readonly newAddress: () => TransportAddress;
  /** Told whom the server sees from here on. */
  readonly onMoved: (client: Client) => void;
}

/** A TURN client by the book: RFC 8489 section 6.2 for its transactions, RFC 8656 for what it says in them. */
export class SimulatedClient {
  readonly #server: SimulatedServer;
  readonly #network: VirtualNetwork;
  readonly #draw: Draw;
  readonly #plan: LifePlan;
  readonly #life: Piece<void>;
  #identity: TestClient;
  #nonce: string | undefined;
  #pause: Pause | undefined;
  /** Tells timers of a pause that is over from those of the one that is not. */
  #pauses = 0;
  /** What the life has come to, for a person who asks why it did not go on. */
  doing = 'nothing yet';
  isDone = false;

  constructor(server: SimulatedServer, network: VirtualNetwork, draw: Draw, plan: LifePlan) {
    this.#server = server;
    this.#network = network;
    this.#draw = draw;
    this.#plan = plan;
    this.#identity = this.#move();
    this.#life = this.#live();
    network.after(draw.below(2000), () => this.#goOn(undefined));
  }

  /** Takes another local address: to the server it is somebody else. */
  #move(): TestClient {
    const { subject, transport, speaks, newAddress } = this.#plan;
    const address = newAddress();
    this.#nonce = undefined;
    this.#identity = TestClient.withRestCredential(this.#server.machine, subject, 1_000_000, {
      transport,
      speaks,
      address,
    });
    this.#network.attach(address, (bytes) => this.#receive(bytes));
    this.#plan.onMoved(this.#identity.client);
    return this.#identity;
  }

  /** Is not there any more, without a word. The end of a stream is noticed. */
  #vanish(): void {
    const { client } = this.#identity;
    this.#network.detach(client.remote);
    if (client.transport !== 'udp') this.#server.clientGone(client);
  }

  *#live(): Piece<void> {
    for (let episode = 0; episode < this.#plan.episodes; episode++) {
      this.doing = `episode ${episode}: allocating`;
      yield* this.#allocate();
      yield* this.#talk(this.#draw.pick(this.#plan.peers));
      for (let more = this.#draw.below(4); more > 0 && (yield* this.#doSomething()); more--);
      if (this.#draw.oneIn(2)) yield* this.#request(Method.refresh, (writer) => void writeLifetime(writer, 0));
      this.#vanish();
      this.#move();
    }
    this.#vanish();
    this.isDone = true;
  }

  /** Tries until there is an allocation; where a quota is full, later. */
  *#allocate(): Piece<void> {
    for (let attempt = 0; attempt < patience; attempt++) {
      const reply = yield* this.#request(Method.allocate, requestedTransportUdp);
      if (reply?.code === 0) return;
      // RFC 8656 section 7.4: of the answers to an Allocate that was given up, none came through; another address.
      if (reply === undefined || reply.code === 437) {
        this.#vanish();
        this.#move();
      } else {
        assert([486, 508].includes(reply.code), `an Allocate is answered ${reply.code}`);
        yield { kind: 'time', ms: 30_000 + this.#draw.below(60_000) };
      }
    }
    assert.fail('no allocation, however often it was asked for');
  }

  /** Something that clients do. Answers whether the allocation is still there. */
  *#doSomething(): Piece<boolean> {
    const what = this.#draw.below(4);
    if (what === 0) yield { kind: 'time', ms: this.#draw.below(400_000) };
    else if (what === 1) yield { kind: 'time', ms: this.#draw.below(30_000) };
    const lifetimeS = this.#draw.pick([undefined, 600, 1800, 3600]);
    this.doing = 'refreshing';
    const reply = yield* this.#request(Method.refresh, (writer) => {
      if (lifetimeS !== undefined) writeLifetime(writer, lifetimeS);
    });
    // It may have run out while the answers were lost.
    if (reply?.code !== 0) return false;
    if (what > 1) yield* this.#talk(this.#draw.pick(this.#plan.peers));
    return true;
  }

  /** Speaks with a peer, which says everything again, until an echo has come back. */
  *#talk(peer: TransportAddress): Piece<void> {
    const channel = this.#draw.oneIn(2) ? 0x4000 + this.#plan.peers.indexOf(peer) : undefined;
    for (let attempt = 0; attempt < patience; attempt++) {
      this.doing = 'asking for a permission';
      const reply = yield* this.#request(
        channel === undefined ? Method.createPermission : Method.channelBind,
        (writer) => {
          if (channel !== undefined) writeChannelNumber(writer, channel);
          writer.xorAddress(AttributeType.xorPeerAddress, peer);
        },
      );
      if (reply === undefined) continue;
      // Its time may have run out over all that was lost.
      if (reply.code === 437) return;
      assert.equal(reply.code, 0, 'a permission is granted');
      this.doing = 'waiting for an echo';
      // A permission outlives this many attempts.
      for (let again = 0; again < 20; again++) {
        const payload = this.#draw.bytes(1 + this.#draw.below(40));
        const send = (): void => this.#send(this.#frame(payload, peer, channel));
        if ((yield { kind: 'echo', send, payload: hexOf(payload) }) === 'echoed') return;
      }
    }
    assert.fail('no permission or no echo, however often it was tried');
  }

  #frame(payload: Uint8Array, peer: TransportAddress, channel: number | undefined): Uint8Array {
    if (channel !== undefined) return concatenated(channelDataHeader(channel, payload.length), payload);
    const writer = new MessageWriter(Method.send, 'indication', this.#draw.bytes(12));
    return writer.xorAddress(AttributeType.xorPeerAddress, peer).attribute(AttributeType.data, payload).finish();
  }

  /** A request and its answer, after all challenges; undefined when none came (RFC 8489 section 9.2). */
  *#request(method: number, write: WriteAttributes): Piece<Reply | undefined> {
    for (let challenges = 0; challenges < 4; challenges++) {
      const transactionId = this.#draw.bytes(12);
      const nonce = this.#nonce;
      const details = nonce === undefined ? ({ integrity: 'none' } as const) : { nonce };
      const bytes = this.#identity.build(method, write, { transactionId, ...details });
      const reply = yield { kind: 'answer', bytes, id: hexOf(transactionId) };
      if (reply === undefined || reply === 'echoed') return undefined;
      if (reply.code !== 401 && reply.code !== 438) return reply;
      assert(nonce === undefined || reply.code === 438, 'who has the right password is not told otherwise');
      this.#nonce = reply.nonce;
    }
    return assert.fail('challenged without end');
  }

  #goOn(told: Reply | 'echoed' | undefined): void {
    const pauses = ++this.#pauses;
    const { value, done } = this.#life.next(told);
    if (done === true) return;
    this.#pause = value;
    const isOver = (): boolean => this.#pauses !== pauses;
    const giveUp = (): void => {
      if (!isOver()) this.#goOn(undefined);
    };
    switch (value.kind) {
      case 'time':
        return this.#network.after(value.ms, giveUp);
      case 'echo':
        value.send();
        return this.#network.after(echoWaitMs, giveUp);
      case 'answer':
        return this.#transmit(value.bytes, 0, isOver, giveUp);
    }
  }

  /** RFC 8489 section 6.2.1; on a stream, section 6.2.2: once, and as long a wait. */
  #transmit(bytes: Uint8Array, sent: number, isOver: () => boolean, giveUp: () => void): void {
    if (isOver()) return;
    this.#send(bytes);
    const isStream = this.#identity.client.transport !== 'udp';
    if (isStream) this.#network.after(39_500, giveUp);
    else if (sent + 1 === requestCount) this.#network.after(lastWaitRtos * rtoMs, giveUp);
    else this.#network.after(rtoMs * 2 ** sent, () => this.#transmit(bytes, sent + 1, isOver, giveUp));
  }

  #send(bytes: Uint8Array): void {
    const { client } = this.#identity;
    if (client.transport === 'udp') this.#network.sendDatagram(client.remote, client.local, bytes);
    else this.#network.sendOnStream(client.remote, client.local, bytes);
  }

  /** The client that the server sees. */
  get identity(): TestClient {
    return this.#identity;
  }

  #receive(bytes: Uint8Array): void {
    const pause = this.#pause;
    const data = payloadOf(bytes);
    if (data !== null) {
      if (pause?.kind === 'echo' && hexOf(data) === pause.payload) this.#goOn('echoed');
      return;
    }
    const reply = new Reply(bytes);
    if (pause?.kind !== 'answer' || hexOf(reply.message.transactionId) !== pause.id) return;
    const isChallenge = reply.code === 401 || reply.code === 438;
    const signature = reply.signature(this.#identity.key());
    // RFC 8489 section 9.2.5: what is not signed as it should be is dropped.
    assert(isChallenge || signature === 'sha1' || signature === 'sha256', `an answer is signed: ${signature}`);
    this.#goOn(reply);
  }
}

/** The data of ChannelData or of a Data indication; null for anything else. */
function payloadOf(bytes: Uint8Array): Uint8Array | null {
  const frame = readChannelData(bytes);
  if (frame !== null) return frame.data;
  const message = decodeMessage(bytes);
  assert(typeof message !== 'string', 'the server sends messages');
  return message.messageClass === 'indication' ? (attribute(message, AttributeType.data) ?? null) : null;
}
