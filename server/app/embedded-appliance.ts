import { EventEmitter } from 'node:events';
import type { LoadWithStored } from '../config/load.ts';
import type { ResolvedConfig } from '../config/resolved-config.ts';
import { isSubject, isTtl, type HealthReply } from '../contract/control.ts';
import { maxCredentialTtlS, maxSubjectBytes } from '../contract/limits.ts';
import type { IceServersDocument, IceUrls } from '../credentials/ice-servers.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { ApplianceObserver } from './appliance-observer.ts';
import { Appliance } from './appliance.ts';
import { EnvironmentError } from './errors.ts';
import type { KeptState } from './kept-state.ts';
import {
  plainAddress,
  type Refused,
  type Session,
  type SessionChange,
  type SessionEnded,
  type SocketAddress,
} from './live-sessions.ts';
import type { BoundListener } from './relay-messages.ts';

/** The longest that a timer of Node's can wait. */
const longestDrainMs = 2 ** 31 - 1;

/** A listener that is bound. */
export interface ListenerAddress extends SocketAddress {
  readonly transport: 'udp' | 'tcp' | 'tls';
}

/** Where an appliance serves, at the time of asking. */
export interface ServingAddresses {
  /** Every bound listener of clients, with its real port. `*` over UDP is one for each address of this host. */
  readonly listeners: readonly ListenerAddress[];
  /** The public HTTP listener, e.g. `http://127.0.0.1:8080`; null when there is none. */
  readonly http: string | null;
  /** What clients are told to use. */
  readonly urls: IceUrls;
  /** What forwards the packets. */
  readonly engine: string;
  /** Absolute; null: nothing is on disk. */
  readonly dataDir: string | null;
  /** What works but is probably not meant, a sentence each. */
  readonly warnings: readonly string[];
}

/** The events of an appliance: their names, and what their listeners are given. */
export interface ApplianceEvents {
  sessionStarted: [session: Session];
  sessionEnded: [ended: SessionEnded];
  /** A request was not granted. Strangers provoke these at will, so beyond 32 in 20 ms they are left out. */
  refused: [refused: Refused];
  /** The addresses of this host have changed, and with them those that `*` stands for. */
  listenersChanged: [listeners: readonly ListenerAddress[]];
  /** The relay thread died with its sessions, whose ends follow; another is being started. */
  degraded: [failure: { readonly cause: string; readonly sessionsLost: number }];
  /** Another relay thread serves, at the same ports. */
  recovered: [listeners: readonly ListenerAddress[]];
  /** No new sessions from now on. */
  draining: [];
  /** All is closed. `start` may be called again. */
  stopped: [];
}

/** From `start` to the end of `stop`. */
interface Life {
  readonly appliance: Appliance;
  readonly started: Promise<void>;
  /** Resolves when nothing of it is left, also when it failed to start. */
  readonly ended: Promise<void>;
  /** Whether `stop` has been asked for. */
  isStopping: boolean;
}

/** What `createAppliance` makes an appliance of. */
export interface EmbeddedParts {
  readonly config: ResolvedConfig;
  /** The configuration with what the database holds. */
  readonly load: LoadWithStored;
  readonly logger: Logger;
  /** Null: the data directory of the configuration. */
  readonly state: KeptState | null;
  /** What is to be said of the configuration. */
  readonly warnings: readonly string[];
}

/**
 * An appliance within another program. It takes no signals, never exits the process, prints nothing and changes nothing that
 * is global; several may run side by side. Made by `createAppliance`.
 */
export class EmbeddedAppliance extends EventEmitter<ApplianceEvents> implements AsyncDisposable {
  readonly #parts: EmbeddedParts;
  #life: Life | undefined;
  /** From the start's end to the stop's. */
  #running: Appliance | null = null;

  /** Internal: `createAppliance` is the way to one. */
  constructor(parts: EmbeddedParts) {
    super();
    this.#parts = parts;
  }

  /** Where it serves now: a renewed certificate and the host's addresses change it. Null while it does not. */
  get addresses(): ServingAddresses | null {
    return this.#running === null ? null : this.#describe(this.#running);
  }

  /**
   * Opens every listener and serves; resolves to the real addresses, at once while it serves already. While it stops, it starts
   * again afterwards.
   * @throws EnvironmentError naming what the host does not give, or what is wrong with the certificate; nothing is open then
   */
  async start(): Promise<ServingAddresses> {
    while (this.#life !== undefined && isEnding(this.#life)) await this.#life.ended;
    const life = (this.#life ??= this.#begin());
    await life.started;
    return this.#describe(life.appliance);
  }

  /**
   * Ends every session, closes everything and resolves when no socket, thread or timer is left. Repeatable; nothing happens
   * when it does not run.
   * @param options `drainMs`: how long live sessions may go on, while no new one is admitted; it ends earlier with the last of them
   * @throws RangeError for a `drainMs` that is no time
   */
  async stop(options: { readonly drainMs?: number | undefined } = {}): Promise<void> {
    const drainMs = options.drainMs ?? 0;
    if (!(Number.isInteger(drainMs) && drainMs >= 0 && drainMs <= longestDrainMs)) {
      throw new RangeError(
        `drainMs ${String(drainMs)} is not a whole number of milliseconds from 0 to ${longestDrainMs}`,
      );
    }
    const life = this.#life;
    if (life === undefined) return;
    life.isStopping = true;
    const serves = await life.started.then(
      () => true,
      // Whoever called start() is told; nothing is left to be stopped.
      () => false,
    );
    if (serves && drainMs > 0) await life.appliance.drain(drainMs);
    else if (serves) await life.appliance.stop();
    await life.ended;
  }

  /** `stop()`: for `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  /**
   * A time-limited credential with the URLs of everything that listens: what a browser's `RTCPeerConnection` takes.
   * @param request `subject`: whom it is for, quotas count by it; `ttlSeconds`: 43200 when omitted
   * @throws RangeError for a subject or lifetime that no credential can have; Error when the appliance does not serve
   */
  issueIceServers(
    request: { readonly subject?: string | undefined; readonly ttlSeconds?: number | undefined } = {},
  ): IceServersDocument {
    const { subject = '', ttlSeconds } = request;
    if (!isSubject(subject)) {
      throw new RangeError(`subject is not a text of at most ${maxSubjectBytes} bytes without control characters`);
    }
    if (ttlSeconds !== undefined && !isTtl(ttlSeconds)) {
      throw new RangeError(`ttlSeconds ${String(ttlSeconds)} is not a whole number from 1 to ${maxCredentialTtlS}`);
    }
    const serving = this.#serving();
    try {
      const wishes = ttlSeconds === undefined ? { subject } : { subject, ttlSeconds };
      const { warnings: _, ...document } = serving.issueIceServers(wishes);
      return document;
    } catch (error) {
      if (!(error instanceof EnvironmentError)) throw error;
      throw new RangeError(error.message, { cause: error });
    }
  }

  /** Every live session, the oldest first; none while it does not serve. */
  async sessions(): Promise<readonly Session[]> {
    // The relay thread tells of sessions in batches; its answer comes after all that it has to tell.
    await this.#running?.health();
    return this.#running?.sessions ?? [];
  }

  /**
   * Ends a session: its client is answered 437 from then on, and a stream is closed. `sessionEnded` is told before this resolves.
   * @param id of `sessions()` or an event
   * @returns whether there was such a session
   * @throws EnvironmentError `relay_unavailable` while the relay thread does not answer
   */
  async endSession(id: string): Promise<boolean> {
    const name = this.#running?.sessionName(id);
    return name === undefined ? false : this.#serving().endSession(name);
  }

  /**
   * How the appliance is, and what it has counted.
   * @throws Error when it does not serve
   */
  async health(): Promise<HealthReply> {
    return this.#serving().health();
  }

  #begin(): Life {
    const { config, load, logger, state } = this.#parts;
    const observer = this.#observer();
    const appliance = new Appliance({ config, load, log: logger, observer, ...(state === null ? {} : { state }) });
    const started = appliance.start().then(() => {
      this.#running = appliance;
    });
    const ended = started.then(
      async () => {
        await appliance.finished;
        this.#end();
        this.#tell('stopped');
      },
      () => this.#end(),
    );
    return { appliance, started, ended, isStopping: false };
  }

  #end(): void {
    this.#life = undefined;
    this.#running = null;
  }

  #observer(): ApplianceObserver {
    return {
      onSessionChange: (change) => this.#tellOf(change),
      onListenersChanged: (bound) => this.#tell('listenersChanged', bound.map(listenerAddress)),
      onRelayDied: (cause, sessionsLost) => this.#tell('degraded', { cause, sessionsLost }),
      onRelayRestarted: (bound) => this.#tell('recovered', bound.map(listenerAddress)),
      onDraining: () => this.#tell('draining'),
    };
  }

  #tellOf(change: SessionChange): void {
    switch (change.type) {
      case 'started':
        return this.#tell('sessionStarted', change.session);
      case 'ended':
        return this.#tell('sessionEnded', change.ended);
      case 'refused':
        return this.#tell('refused', change.refused);
    }
  }

  /** A listener that throws is its owner's defect, to be seen as one, but no reason for others to miss what has happened. */
  #tell<Name extends keyof ApplianceEvents>(name: Name, ...payload: ApplianceEvents[Name]): void {
    try {
      // The compiler cannot tell that the payload of one name belongs to it.
      (this as EventEmitter).emit(name, ...payload);
    } catch (error) {
      queueMicrotask(() => {
        throw error;
      });
    }
  }

  #describe(appliance: Appliance): ServingAddresses {
    const { listeners, urls, engine, dataDir, publicUrl, warnings } = appliance.describe();
    return {
      listeners: listeners.map(listenerAddress),
      http: publicUrl,
      urls,
      engine,
      dataDir,
      warnings: [...this.#parts.warnings, ...warnings],
    };
  }

  #serving(): Appliance {
    if (this.#running === null) throw new Error('the appliance does not serve: start() has to resolve first');
    return this.#running;
  }
}

function isEnding({ appliance, isStopping }: Life): boolean {
  return isStopping || appliance.phase === 'draining' || appliance.phase === 'stopped';
}

function listenerAddress({ transport, address }: BoundListener): ListenerAddress {
  return { transport, ...plainAddress(address) };
}
