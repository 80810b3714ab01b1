import { randomBytes } from 'node:crypto';
import { readChannelData } from '../../../server/stun/channel-data.ts';
import { attribute, decodeMessage } from '../../../server/stun/message.ts';
import { AttributeType } from '../../../server/stun/registry.ts';
import type { TransportAddress } from '../../../server/stun/transport-address.ts';
import { relayedAddresses, type Answer } from '../../../test/security/patient-client.ts';
import { openClient, type SoakClient } from './soak-wire.ts';
import type { Caller, SoakContext } from './soak-load.ts';

const echoChannel = 0x4000;
const partnerChannel = 0x4001;
/** A multiple of four, so that streams need no padding: the size of a voice packet. */
const payloadBytes = 160;

/** How many packets of one kind a leg sent, and how many it got. */
interface Path {
  sent: number;
  received: number;
}

/** One client of a call: it talks to a peer that echoes, and to the other client. */
export class Leg {
  readonly caller: Caller;
  /** Over the channel to the echoing peer and back. */
  readonly echo: Path = { sent: 0, received: 0 };
  /** Sent to the other leg; received from it. */
  readonly partner: Path = { sent: 0, received: 0 };
  /** Send indications to the echoing peer, Data indications back. */
  readonly indications: Path = { sent: 0, received: 0 };
  readonly #context: SoakContext;
  readonly #peer: TransportAddress;
  readonly #payload = randomBytes(payloadBytes);
  #client: SoakClient | undefined;
  #relayed: TransportAddress | undefined;
  #partnerId = 0;

  constructor(context: SoakContext, caller: Caller) {
    this.caller = caller;
    this.#context = context;
    this.#peer = context.peers.of(caller.id);
    this.#payload.writeUInt32BE(caller.id, 0);
  }

  /** Connects and allocates. Returns whether it has a relay. */
  async join(): Promise<boolean> {
    const { target, census } = this.#context;
    this.#client = await openClient(target, this.caller, census, (bytes) => this.#hear(bytes));
    const answer = await this.#expectSuccess('Allocate', this.#client.turn.allocate());
    this.#relayed = relayedAddresses(answer)[0];
    return this.#relayed !== undefined;
  }

  /** Permits its peers and binds a channel to each. Also renews both. Returns whether all was granted. */
  async reach(other: Leg): Promise<boolean> {
    const { turn } = this.#joined();
    if (other.#relayed === undefined) throw new Error('the other leg has joined');
    this.#partnerId = other.caller.id;
    const answers = [
      await this.#expectSuccess('CreatePermission', turn.permit(this.#peer)),
      await this.#expectSuccess('ChannelBind', turn.bindChannel(echoChannel, this.#peer)),
      await this.#expectSuccess('ChannelBind', turn.bindChannel(partnerChannel, other.#relayed)),
    ];
    return answers.every(({ code }) => code === 0);
  }

  /** Sends one packet each way. */
  sendMedia(): void {
    const { turn } = this.#joined();
    turn.sendChannel(echoChannel, this.#payload);
    turn.sendChannel(partnerChannel, this.#payload);
    turn.sendTo(this.#peer, this.#payload);
    for (const path of [this.echo, this.partner, this.indications]) path.sent += 1;
  }

  /** Refreshes its allocation. */
  async refresh(): Promise<void> {
    await this.#expectSuccess('Refresh', this.#joined().turn.refresh(600));
  }

  /** Uses a nonce that the server never issued: the next request is answered by a challenge, and made again. */
  changeNonce(): void {
    this.#joined().turn.changeNonce(randomBytes(24));
  }

  /** Releases its allocation; the socket stays. */
  async release(): Promise<void> {
    await this.#expectSuccess('Refresh with lifetime 0', this.#joined().turn.refresh(0));
  }

  /** Allocates on the 5-tuple that it released, and releases that too. */
  async comeBack(): Promise<void> {
    await this.#expectSuccess('Allocate after a release', this.#joined().turn.allocate());
    await this.release();
  }

  /** Ends the socket: a stream by FIN, or by RST. Nothing is released. */
  leave(how: 'fin' | 'rst'): void {
    if (how === 'rst') this.#client?.reset();
    else this.#client?.turn.close();
    this.#client = undefined;
  }

  #joined(): SoakClient {
    if (this.#client === undefined) throw new Error('the leg has joined and not left');
    return this.#client;
  }

  async #expectSuccess(what: string, answered: Promise<Answer>): Promise<Answer> {
    const { census } = this.#context;
    census.counts.requests += 1;
    const answer = await answered;
    if (answer.code === null) census.counts.unanswered += 1;
    else if (answer.code !== 0) census.fail(`${what} over ${this.caller.transport}: ${answer.code}`);
    return answer;
  }

  #hear(bytes: Uint8Array): void {
    const data = readChannelData(bytes);
    if (data === null) return this.#hearIndication(bytes);
    const [path, sender] = data.channel === echoChannel ? [this.echo, this.caller.id] : [this.partner, this.#partnerId];
    this.#count(path, sender, data.data);
  }

  #hearIndication(bytes: Uint8Array): void {
    const message = decodeMessage(bytes);
    const data = typeof message === 'string' ? undefined : attribute(message, AttributeType.data);
    // A permission is for an address, whatever the port (RFC 8656 section 9): who still calls the client that had this relay's
    // port before is heard too, until the channel is bound the partner as well. Only the own echo counts.
    if (data !== undefined && senderOf(data) === this.caller.id) this.#count(this.indications, this.caller.id, data);
  }

  #count(path: Path, sender: number, data: Uint8Array): void {
    if (senderOf(data) === sender && data.length === payloadBytes) path.received += 1;
    else this.#context.census.counts.misdelivered += 1;
  }
}

function senderOf(data: Uint8Array): number {
  return data.length < 4 ? -1 : new DataView(data.buffer, data.byteOffset).getUint32(0);
}
