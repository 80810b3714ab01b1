import type { RefusalCause, SessionEvent } from '../seam/session-event.ts';
import { formatIp, formatTransportAddress } from '../stun/ip-text.ts';
import { peerAllowLine } from '../telemetry/failure-log.ts';
import type { Logger } from '../telemetry/logger.ts';

const repeatMs = 10_000;

/** What an administrator is told of each cause, and what to do about it. */
const refusals: Record<RefusalCause, string> = {
  'unknown-user': 'refused: no such user',
  'wrong-password': 'refused: wrong password. Compare the secret of the issuing back end with turn.secrets',
  'expired-credential': 'refused: the credential has expired. Check the clocks, or issue with a longer ttlSeconds',
  'revoked-key': 'refused: the API key that issued the credential is revoked',
  'disabled-app': 'refused: the app of the credential is disabled',
  banned: 'refused: an administrator has banned the address, the subject or the user',
  'backed-off': 'refused: too many wrong passwords for this user from this address; it may try again shortly',
  'quota-user':
    'refused: the user has as many allocations as its app, its own limit or turn.limits.allocationsPerUser admits',
  'quota-address': 'refused: the address has as many allocations as turn.limits.allocationsPerAddress admits',
  'quota-total': 'refused: turn.limits.allocationsTotal is reached',
  'quota-bytes': 'refused: the app or the user has relayed as many bytes this month as it may',
  'peer-denied': 'refused: relaying to this peer is not allowed',
  'out-of-ports': 'refused: no relay port is free. Widen turn.relayPorts',
  'out-of-descriptors':
    'refused: the process may open no more sockets. Raise the descriptor limit (LimitNOFILE=, ulimit -n)',
  draining: 'refused: the server is draining',
  'stale-nonce': 'refused: the nonce is too old or of another address; the client was given a new one',
};

interface Repeats {
  untilMs: number;
  suppressed: number;
}

/**
 * Logs what happens to sessions. Strangers can provoke refusals at will: of each cause one line is written in ten
 * seconds, which says how many like it were left out.
 */
export class SessionLog {
  readonly #log: Logger;
  readonly #repeats = new Map<RefusalCause, Repeats>();

  constructor(log: Logger) {
    this.#log = log;
  }

  /** Logs one event of the relay. */
  note(event: SessionEvent, nowMs: number): void {
    switch (event.type) {
      case 'session-started':
        this.#log.debug(
          {
            event: 'session_started',
            session: event.session,
            username: event.username,
            client: formatTransportAddress(event.client.remote),
            transport: event.client.transport,
            relayed: event.relays.map((relay) => formatTransportAddress(relay.relayedTransportAddress)),
          },
          'session started',
        );
        return;
      case 'session-ended':
        this.#log.debug(
          { event: 'session_ended', session: event.session, username: event.username, cause: event.cause },
          'session ended',
        );
        return;
      case 'refused':
        return this.#noteRefusal(event, nowMs);
    }
  }

  #noteRefusal(event: SessionEvent & { type: 'refused' }, nowMs: number): void {
    const repeats = this.#repeats.get(event.cause) ?? { untilMs: 0, suppressed: 0 };
    this.#repeats.set(event.cause, repeats);
    if (nowMs < repeats.untilMs) {
      repeats.suppressed += 1;
      return;
    }
    const { suppressed } = repeats;
    repeats.untilMs = nowMs + repeatMs;
    repeats.suppressed = 0;
    this.#log.warn(
      {
        event: 'refused',
        cause: event.cause,
        client: formatTransportAddress(event.client.remote),
        ...(event.username === undefined ? {} : { username: event.username }),
        ...(event.peer === undefined
          ? {}
          : { peer: formatIp(event.peer), toAllow: peerAllowLine(formatIp(event.peer)) }),
        ...(suppressed === 0 ? {} : { moreLikeIt: suppressed }),
      },
      refusals[event.cause],
    );
  }
}
