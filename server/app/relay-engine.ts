import { randomBytes } from 'node:crypto';
import { networkInterfaces } from 'node:os';
import { assertNever } from '../contract/assert-never.ts';
import { createPlane } from '../relay/select.ts';
import type { Action } from '../seam/action.ts';
import type { Client, StreamClient } from '../seam/client.ts';
import type { ForwardingPlane } from '../seam/plane.ts';
import type { SessionEvent, SessionId } from '../seam/session-event.ts';
import { isMediaFrame } from '../stun/media-frame.ts';
import type { IpAddress } from '../stun/transport-address.ts';
import { StreamClients } from '../transport/stream-clients.ts';
import type { TlsMaterial } from '../transport/tls-material.ts';
import { TurnServer } from '../turn/turn-server.ts';
import { interfaceAddresses, planAddresses } from './address-plan.ts';
import { RelayListeners } from './relay-listeners.ts';
import type { BoundListener, RelayStart, RelayStatus } from './relay-messages.ts';
import { RelayTraffic } from './relay-traffic.ts';
import { secureRandomUint32 } from './secure-random.ts';

/** How often the interfaces are read, and the plane's counters, which it keeps for every relay that has closed. */
const pollMs = 5_000;

/** What the engine tells its owner. */
export interface RelayEngineEvents {
  onSessionEvent(event: SessionEvent): void;
  onListenersChanged(listeners: readonly BoundListener[], warnings: readonly string[]): void;
  /** Draining, and the last session has ended. Once. */
  onDrained(): void;
}

/**
 * The relay side of the appliance in one piece: machine, plane and stream listeners, joined here and nowhere else.
 * It feeds packets and time to the machine and applies the machine's actions in order.
 */
export class RelayEngine {
  readonly #start: RelayStart;
  readonly #events: RelayEngineEvents;
  readonly #plane: ForwardingPlane;
  readonly #machine: TurnServer;
  readonly #streams: StreamClients;
  readonly #listeners: RelayListeners;
  readonly #traffic = new RelayTraffic();
  #interfaces: readonly IpAddress[] = [];
  #warnings: readonly string[] = [];
  #applying = false;
  #drain: 'none' | 'running' | 'done' = 'none';
  #timer: NodeJS.Timeout | undefined;
  #timerAtMs = Infinity;
  #poll: NodeJS.Timeout | undefined;

  constructor(start: RelayStart, events: RelayEngineEvents) {
    this.#start = start;
    this.#events = events;
    const randomUint32 = secureRandomUint32();
    this.#plane = createPlane(start.engine, {
      channelRange: start.machine.channelRange,
      nowMs: () => performance.now(),
      randomUint32,
      events: {
        onClientMessage: (bytes, client) => {
          this.#machine.handleClientMessage(bytes, client, Date.now());
          this.#applyActions();
        },
        onRelayOpened: (relay, address) => {
          this.#machine.handleRelayOpened(relay, address, Date.now());
          this.#applyActions();
        },
        onRelayFailed: (relay, reason) => {
          this.#machine.handleRelayFailed(relay, reason, Date.now());
          this.#applyActions();
        },
        onStreamDelivery: (client, header, payload, paddingBytes) => {
          // The plane lends the header; the stream keeps what it is given until it is written.
          this.#streams.deliver(client, header.slice(), payload, paddingBytes);
        },
        onPeerUnreachable: (relay, peer, icmp) => {
          this.#machine.handlePeerUnreachable(relay, peer, icmp, Date.now());
          this.#applyActions();
        },
      },
    });
    this.#machine = new TurnServer({
      ...start.machine,
      capabilities: this.#plane.capabilities,
      randomUint32,
      randomBytes: (length) => randomBytes(length),
    });
    this.#streams = new StreamClients({
      limits: { maxStreams: start.maxStreams },
      channelRange: start.machine.channelRange,
      events: {
        onFrame: (frame, client) => this.#onStreamFrame(frame, client),
        onGone: (client) => {
          this.#machine.handleClientGone(client, Date.now());
          this.#applyActions();
        },
      },
    });
    this.#listeners = new RelayListeners({
      plane: this.#plane,
      streams: this.#streams,
      requests: start.listen,
      tls: start.tls,
    });
  }

  /** What the engine is doing now. */
  get status(): RelayStatus {
    this.#collectCounters();
    return {
      allocations: this.#machine.allocationCount,
      listeners: this.#listeners.bound,
      engine: this.#start.engine,
      counts: {
        traffic: this.#traffic.traffic,
        drops: { ...this.#traffic.drops },
        machine: { ...this.#machine.stats },
        streams: { open: this.#streams.size, ...this.#listeners.handshakes, ...this.#streams.counters },
      },
    };
  }

  /** What the operator should know of the host's addresses. */
  get warnings(): readonly string[] {
    return this.#warnings;
  }

  /**
   * Binds the listeners and serves.
   * @throws ListenError when one cannot be bound; nothing stays open then
   */
  async start(): Promise<void> {
    this.#machine.handleCredentials({ kind: 'replace', set: this.#start.credentials }, Date.now());
    this.#adoptInterfaces(interfaceAddresses(networkInterfaces()));
    try {
      await this.#listeners.listen(this.#interfaces);
    } catch (error) {
      await this.stop();
      throw error;
    }
    this.#poll = setInterval(() => {
      this.#collectCounters();
      void this.#followInterfaces();
    }, pollMs);
  }

  /** Serves new TLS clients with another certificate. */
  setCertificate(tls: TlsMaterial): void {
    this.#listeners.setCertificate(tls);
  }

  /**
   * Refuses new allocations from now on; live ones go on (RFC 8656 section 7.2: 300 or 508).
   * @returns how many there are; `onDrained` tells when the last has ended, before this returns when there is none
   */
  drain(): number {
    this.#drain = 'running';
    this.#machine.startDrain(Date.now());
    const sessions = this.#machine.allocationCount;
    this.#applyActions();
    return sessions;
  }

  /** Ends one session; returns whether it was there. */
  endSession(session: SessionId, client: Client): boolean {
    const existed = this.#machine.endSession(session, client, Date.now());
    this.#applyActions();
    return existed;
  }

  /** Ends every session and closes every socket. Resolves to how many sessions were ended. */
  async stop(): Promise<number> {
    const sessions = this.#machine.allocationCount;
    clearInterval(this.#poll);
    this.#machine.endAllSessions('drained', Date.now());
    this.#applyActions();
    clearTimeout(this.#timer);
    this.#listeners.close();
    await Promise.all([this.#plane.close(), this.#streams.closeAll()]);
    return sessions;
  }

  #collectCounters(): void {
    this.#traffic.add(this.#plane.drainCounters());
  }

  #onStreamFrame(frame: Uint8Array, client: StreamClient): void {
    if (isMediaFrame(frame)) {
      this.#plane.forwardFromStream(client, frame);
      return;
    }
    this.#machine.handleClientMessage(frame, client, Date.now());
    this.#applyActions();
  }

  /** The plane may answer an action at once: the answer's actions then join the queue that is being worked off. */
  #applyActions(): void {
    if (this.#applying) return;
    this.#applying = true;
    try {
      for (let action = this.#machine.nextAction(); action !== undefined; action = this.#machine.nextAction()) {
        this.#apply(action);
      }
    } finally {
      this.#applying = false;
    }
    this.#armTimer();
    if (this.#drain === 'running' && this.#machine.allocationCount === 0) {
      this.#drain = 'done';
      this.#events.onDrained();
    }
  }

  #apply(action: Action): void {
    const plane = this.#plane;
    switch (action.kind) {
      case 'send':
        return this.#send(action.client, action.bytes);
      case 'open-relay':
        return plane.openRelay(action.relay, action.localAddress, action.port);
      case 'open-relay-pair':
        return plane.openRelayPair(action.relay, action.upperRelay, action.localAddress, action.port);
      case 'attach-relay':
        return plane.attachRelay(action.relay, action.client, action.buckets);
      case 'close-relay':
        return plane.closeRelay(action.relay);
      case 'permit-peer':
        return plane.permitPeer(action.relay, action.peer, action.reach);
      case 'revoke-peer':
        return plane.revokePeer(action.relay, action.peer);
      case 'bind-channel':
        return plane.bindChannel(action.relay, action.channel, action.peer);
      case 'unbind-channel':
        return plane.unbindChannel(action.relay, action.channel);
      case 'set-rate':
        return plane.setRate(action.bucket, action.bitsPerSecond);
      case 'close-client':
        if (action.client.transport !== 'udp') this.#streams.close(action.client);
        return;
      case 'session-event':
        this.#noteSession(action.event);
        return this.#events.onSessionEvent(action.event);
      default:
        return assertNever(action);
    }
  }

  #send(client: Client, bytes: Uint8Array): void {
    if (client.transport === 'udp') this.#plane.send(client, bytes);
    else this.#streams.send(client, bytes);
  }

  /** A stream lives as long as its allocation; without one it has a deadline (SECURITY.md 10). */
  #noteSession(event: SessionEvent): void {
    if (event.client.transport === 'udp') return;
    if (event.type === 'session-started') this.#streams.markAuthenticated(event.client);
    if (event.type === 'session-ended') this.#streams.markIdle(event.client);
  }

  #armTimer(): void {
    const dueAtMs = this.#machine.nextTimeoutMs;
    if (dueAtMs >= this.#timerAtMs || dueAtMs === Infinity) return;
    clearTimeout(this.#timer);
    this.#timerAtMs = dueAtMs;
    this.#timer = setTimeout(() => this.#onTimer(), Math.max(0, dueAtMs - Date.now()));
  }

  #onTimer(): void {
    this.#timerAtMs = Infinity;
    this.#machine.handleTimeout(Date.now());
    this.#applyActions();
  }

  /** The host's addresses now, or as they were: a host that is out of descriptors cannot tell them. */
  #readInterfaces(): readonly IpAddress[] {
    try {
      return interfaceAddresses(networkInterfaces());
    } catch (error) {
      const warning = `the addresses of this host cannot be read (${String(error)}); those known stay in use.`;
      this.#events.onListenersChanged(this.#listeners.bound, [warning]);
      return this.#interfaces;
    }
  }

  #adoptInterfaces(interfaces: readonly IpAddress[]): void {
    this.#interfaces = interfaces;
    const { plan, warnings } = planAddresses({
      interfaces,
      listeners: this.#start.listen.flatMap(({ host }) => (host === '*' ? [] : [host])),
      publicAddress: this.#start.publicAddress,
      relayAddress: this.#start.relayAddress,
    });
    this.#warnings = warnings;
    this.#plane.setAddressPlan(plan);
    this.#machine.handleAddressPlan(plan, Date.now());
    this.#applyActions();
  }

  async #followInterfaces(): Promise<void> {
    const interfaces = this.#readInterfaces();
    const before = JSON.stringify(this.#interfaces);
    const changed = JSON.stringify(interfaces) !== before;
    if (changed) this.#adoptInterfaces(interfaces);
    const boundBefore = this.#listeners.bound.length;
    const failed = await this.#listeners.follow(interfaces);
    if (!changed && this.#listeners.bound.length === boundBefore) return;
    this.#events.onListenersChanged(this.#listeners.bound, [
      ...this.#warnings,
      ...failed.map((error) => error.message),
    ]);
  }
}
