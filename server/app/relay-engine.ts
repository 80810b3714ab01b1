import { randomBytes } from 'node:crypto';
import type { CredentialDelta } from '../credentials/credential-set.ts';
import { createPlane } from '../relay/select.ts';
import type { Client, StreamClient } from '../seam/client.ts';
import type { ForwardingPlane, PlaneEvents } from '../seam/plane.ts';
import type { SessionEvent, SessionId } from '../seam/session-event.ts';
import { isMediaFrame } from '../stun/media-frame.ts';
import { StreamClients } from '../transport/stream-clients.ts';
import type { TlsMaterial } from '../transport/tls-material.ts';
import { TurnServer } from '../turn/turn-server.ts';
import { applyAction, type ActionTargets } from './relay-actions.ts';
import { RelayAddresses } from './relay-addresses.ts';
import { RelayListeners } from './relay-listeners.ts';
import type { BoundListener, RelayStart, RelayStatus } from './relay-messages.ts';
import { RelayTraffic } from './relay-traffic.ts';
import type { UsageReport } from './relay-usage-report.ts';
import { RelayUsage } from './relay-usage.ts';
import { secureRandomUint32 } from './secure-random.ts';

/** How often the interfaces are read. */
const pollMs = 5_000;
const usageMs = 1_000;
const backoffMs = 10_000;

/** What the engine tells its owner. */
export interface RelayEngineEvents {
  onSessionEvent(event: SessionEvent): void;
  onListenersChanged(listeners: readonly BoundListener[], warnings: readonly string[]): void;
  /** Draining, and the last session has ended. Once. */
  onDrained(): void;
  /** Once a second while something was relayed or refused, and a last one at the stop. Follows the events of its sessions. */
  onUsage(report: UsageReport): void;
  /** Every ten seconds when it has changed, and at the stop: for the `RelayStart` of the next engine. */
  onBackoff(snapshot: Uint8Array): void;
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
  readonly #addresses: RelayAddresses;
  readonly #traffic = new RelayTraffic();
  readonly #usage = new RelayUsage();
  readonly #targets: ActionTargets;
  readonly #credentialed = Promise.withResolvers<void>();
  #applying = false;
  #drain: 'none' | 'running' | 'done' = 'none';
  #timer: NodeJS.Timeout | undefined;
  #timerAtMs = Infinity;
  #polls: NodeJS.Timeout[] = [];
  #usageTakenAtMs = performance.now();

  constructor(start: RelayStart, events: RelayEngineEvents) {
    this.#start = start;
    this.#events = events;
    const randomUint32 = secureRandomUint32();
    this.#plane = createPlane(start.engine, {
      channelRange: start.machine.channelRange,
      nowMs: () => performance.now(),
      randomUint32,
      events: this.#planeEvents(),
    });
    this.#machine = new TurnServer({
      ...start.machine,
      capabilities: this.#plane.capabilities,
      backoff: start.backoff,
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
    this.#addresses = new RelayAddresses(start, (warning) => {
      this.#events.onListenersChanged(this.#listeners.bound, [warning]);
    });
    this.#listeners = new RelayListeners({
      plane: this.#plane,
      streams: this.#streams,
      requests: start.listen,
      tls: start.tls,
    });
    this.#targets = {
      plane: this.#plane,
      streams: this.#streams,
      onSessionEvent: (event) => {
        this.#usage.note(event);
        this.#events.onSessionEvent(event);
      },
    };
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
    return this.#addresses.warnings;
  }

  /**
   * Binds the listeners and serves, once a whole set of credentials is there: whoever calls finds somebody who knows them.
   * @throws ListenError when one cannot be bound; nothing stays open then
   */
  async start(): Promise<void> {
    await this.#credentialed.promise;
    this.#addresses.read();
    this.#adoptInterfaces();
    try {
      await this.#listeners.listen(this.#addresses.interfaces);
    } catch (error) {
      await this.stop();
      throw error;
    }
    this.#polls = [
      setInterval(() => void this.#followInterfaces(), pollMs),
      setInterval(() => this.#reportUsage(), usageMs),
      setInterval(() => this.#reportBackoff(), backoffMs),
    ];
  }

  /** Applies one change of the credentials; after a gap the whole set is to be asked for. */
  applyCredentials(delta: CredentialDelta): 'applied' | 'gap' {
    const applied = this.#machine.handleCredentials(delta, Date.now());
    this.#applyActions();
    if (applied === 'applied' && delta.change.kind === 'complete') this.#credentialed.resolve();
    return applied;
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
    for (const poll of this.#polls) clearInterval(poll);
    this.#machine.endAllSessions('drained', Date.now());
    this.#applyActions();
    clearTimeout(this.#timer);
    this.#reportUsage();
    this.#reportBackoff();
    this.#listeners.close();
    await Promise.all([this.#plane.close(), this.#streams.closeAll()]);
    return sessions;
  }

  #planeEvents(): PlaneEvents {
    return {
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
    };
  }

  #collectCounters(): void {
    const counters = this.#plane.drainCounters();
    this.#traffic.add(counters);
    this.#usage.add(counters);
  }

  #reportUsage(): void {
    this.#collectCounters();
    const nowMs = performance.now();
    const intervalMs = nowMs - this.#usageTakenAtMs;
    this.#usageTakenAtMs = nowMs;
    const report: UsageReport = { intervalMs, sessions: this.#usage.take(), failures: this.#machine.takeFailures() };
    if (report.sessions.length > 0 || report.failures.length > 0) this.#events.onUsage(report);
  }

  #reportBackoff(): void {
    const snapshot = this.#machine.takeBackoff(Date.now());
    if (snapshot !== null) this.#events.onBackoff(snapshot);
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
        applyAction(action, this.#targets);
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

  #armTimer(): void {
    const dueAtMs = this.#machine.nextTimeoutMs;
    if (dueAtMs >= this.#timerAtMs || dueAtMs === Infinity) return;
    clearTimeout(this.#timer);
    this.#timerAtMs = dueAtMs;
    this.#timer = setTimeout(
      () => {
        this.#timerAtMs = Infinity;
        this.#machine.handleTimeout(Date.now());
        this.#applyActions();
      },
      Math.max(0, dueAtMs - Date.now()),
    );
  }

  #adoptInterfaces(): void {
    const plan = this.#addresses.plan();
    this.#plane.setAddressPlan(plan);
    this.#machine.handleAddressPlan(plan, Date.now());
    this.#applyActions();
  }

  async #followInterfaces(): Promise<void> {
    const changed = this.#addresses.read();
    if (changed) this.#adoptInterfaces();
    const boundBefore = this.#listeners.bound.length;
    const failed = await this.#listeners.follow(this.#addresses.interfaces);
    if (!changed && this.#listeners.bound.length === boundBefore) return;
    this.#events.onListenersChanged(this.#listeners.bound, [
      ...this.#addresses.warnings,
      ...failed.map((error) => error.message),
    ]);
  }
}
