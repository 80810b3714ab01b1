import { spawn, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';
import { assertNever } from '../../server/contract/assert-never.ts';
import type { TransportAddress } from '../../server/stun/transport-address.ts';
import { ip } from '../support/addresses.ts';
import type { TurnCredential } from '../support/turn-client.ts';
import type { BindingAnswer, HostMessage, HostReplies, HostRequest, Media } from './lab-host-messages.ts';
import { labUser, turnPort } from './lab-addresses.ts';
import type { Namespace } from './namespaces.ts';

const hostProcess = fileURLToPath(new URL('./lab-host-process.ts', import.meta.url));
const mediaTimeoutMs = 5_000;

/** Things that arrive, and those who wait for them. */
class Inbox<T> {
  readonly #arrived: T[] = [];
  readonly #waiting: ((item: T) => void)[] = [];

  put(item: T): void {
    const waiting = this.#waiting.shift();
    if (waiting === undefined) this.#arrived.push(item);
    else waiting(item);
  }

  /** The next one; rejects when none arrives within 5 s. */
  async next(what: string): Promise<T> {
    const arrived = this.#arrived.shift();
    if (arrived !== undefined) return arrived;
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    const timer = setTimeout(() => reject(new Error(`${what}: not within ${mediaTimeoutMs} ms`)), mediaTimeoutMs);
    this.#waiting.push(resolve);
    return promise.finally(() => clearTimeout(timer));
  }
}

/** An allocation that a client on a host of the lab holds. */
export class LabAllocation {
  readonly relayed: TransportAddress;
  readonly #host: LabHost;
  readonly #client: number;
  readonly #media: Inbox<Media>;

  constructor(host: LabHost, client: number, relayed: TransportAddress, media: Inbox<Media>) {
    this.#host = host;
    this.#client = client;
    this.relayed = relayed;
    this.#media = media;
  }

  /** Creates a permission; gives the error code, 0 for success. */
  permit(peer: TransportAddress): Promise<number | null> {
    return this.#host.ask({ op: 'permit', client: this.#client, peer });
  }

  /** Binds a channel; gives the error code, 0 for success. */
  bindChannel(channel: number, peer: TransportAddress): Promise<number | null> {
    return this.#host.ask({ op: 'bind-channel', client: this.#client, channel, peer });
  }

  /** Sends a Send indication. */
  async send(peer: TransportAddress, text: string): Promise<void> {
    await this.#host.ask({ op: 'send', client: this.#client, peer, text });
  }

  /** Sends ChannelData. */
  async sendChannel(channel: number, text: string): Promise<void> {
    await this.#host.ask({ op: 'send-channel', client: this.#client, channel, text });
  }

  /** What the relay brings next. */
  nextMedia(): Promise<Media> {
    return this.#media.next('media for a client');
  }
}

/** A process in a namespace that is TURN clients and peers for a test. It ends with the test. */
export class LabHost {
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, PromiseWithResolvers<unknown>>();
  readonly #media = new Map<number, Inbox<Media>>();
  readonly #heard = new Inbox<Media>();
  readonly #ready = Promise.withResolvers<undefined>();
  #lastId = 0;

  private constructor(namespace: Namespace) {
    this.#child = spawn('ip', ['netns', 'exec', namespace.name, process.execPath, hostProcess], {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      serialization: 'advanced',
    });
    this.#child.on('message', (message: HostMessage) => this.#receive(message));
    this.#child.on('error', (error) => this.#fail(error));
    this.#child.on('exit', () => this.#fail(new Error(`the host ${namespace.name} has ended`)));
    onTestFinished(() => void this.#child.kill('SIGKILL'));
  }

  /** Starts one. */
  static async start(namespace: Namespace): Promise<LabHost> {
    const host = new LabHost(namespace);
    await host.#ready.promise;
    return host;
  }

  /** Sends Binding requests from one socket to port 3478 of each of these addresses. */
  bindings(...servers: readonly string[]): Promise<readonly BindingAnswer[]> {
    return this.ask({ op: 'bindings', servers: servers.map(turnAt) });
  }

  /** Allocates, naming no address family, on port 3478 of an address; throws when that is refused. */
  async allocate(
    transport: 'udp' | 'tcp',
    server: string,
    credential: TurnCredential = labUser,
  ): Promise<LabAllocation> {
    const { code, client, relayed } = await this.ask({
      op: 'allocate',
      transport,
      server: turnAt(server),
      credential,
    });
    const [first, ...more] = relayed;
    if (code !== 0 || first === undefined || more.length > 0) {
      throw new Error(`Allocate at ${server} was answered ${code ?? 'by nobody'} with ${relayed.length} addresses`);
    }
    return new LabAllocation(this, client, first, this.#mediaOf(client));
  }

  /** Opens a peer at an address of this host that echoes. */
  openPeer(address: string): Promise<TransportAddress> {
    return this.ask({ op: 'open-peer', ip: address });
  }

  /** What a peer of this host hears next. */
  nextHeard(): Promise<Media> {
    return this.#heard.next('something for a peer');
  }

  /** Asks the process; rejects when it fails or ends. */
  ask<Request extends HostRequest>(request: Request): Promise<HostReplies[Request['op']]> {
    this.#lastId += 1;
    const waiting = Promise.withResolvers<unknown>();
    this.#waiting.set(this.#lastId, waiting);
    this.#child.send({ id: this.#lastId, request });
    return waiting.promise as Promise<HostReplies[Request['op']]>;
  }

  #mediaOf(client: number): Inbox<Media> {
    const known = this.#media.get(client);
    if (known !== undefined) return known;
    const inbox = new Inbox<Media>();
    this.#media.set(client, inbox);
    return inbox;
  }

  #receive(message: HostMessage): void {
    switch (message.kind) {
      case 'ready':
        return this.#ready.resolve(undefined);
      case 'reply':
        return this.#waiting.get(message.id)?.resolve(message.reply);
      case 'failed':
        return this.#waiting.get(message.id)?.reject(new Error(message.message));
      case 'media':
        return this.#mediaOf(message.client).put(message.media);
      case 'heard':
        return this.#heard.put({ from: message.from, text: message.text });
      default:
        return assertNever(message);
    }
  }

  #fail(error: Error): void {
    this.#ready.reject(error);
    for (const waiting of this.#waiting.values()) waiting.reject(error);
  }
}

function turnAt(address: string): TransportAddress {
  return { ip: ip(address), port: turnPort };
}
