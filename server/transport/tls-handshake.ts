import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import type { SecureContext, TLSSocketOptions } from 'node:tls';

/** Why a connection never became a stream; `failed` when its client left or did not speak TLS as we do. */
export type HandshakeFailure = 'failed' | 'timed-out' | 'crowded-out' | 'wait-timed-out' | 'wait-crowded-out';

/** What a handshake tells its owner: one of both, once. */
export interface HandshakeEvents {
  /** TURN can be spoken on `socket`, which nobody has read from. */
  onSecure(socket: TLSSocket): void;
  /** The connection is being ended. May be called from inside `end`. */
  onFailed(failure: HandshakeFailure): void;
}

/**
 * RFC 7443: offered, not required. A client that offers other protocols only is refused with the alert
 * `no_application_protocol` (RFC 7301 section 3.2), so that nobody is led here with a request meant for a web server.
 */
const applicationProtocols = ['stun.turn', 'stun.nat-discovery'];

/**
 * Makes each write a TLS record of its own, where node would join those that wait. coturn's clients, and others that were
 * written against its server, take what one read gives them for one message (RFC 8656 section 12.5 would have them frame it).
 */
function withRecordForEachWrite(socket: TLSSocket): TLSSocket {
  return Object.assign(socket, { _writev: null });
}

/** One connection from its acceptance to a stream: waits unread, then shakes hands. Nothing that its client sends throws. */
export class TlsHandshake {
  readonly #tcp: Socket;
  readonly #events: HandshakeEvents;
  #state: 'pending' | 'settled' = 'pending';
  #deadline: NodeJS.Timeout | undefined;

  constructor(tcp: Socket, events: HandshakeEvents) {
    this.#tcp = tcp;
    this.#events = events;
    // A reset is an end like any other: 'close' follows.
    tcp.on('error', () => undefined);
    tcp.once('close', () => {
      this.#fail('failed');
    });
  }

  /** Reads what the client has sent, and answers. */
  begin(secureContext: SecureContext, timeoutMs: number): void {
    const options: TLSSocketOptions & { readonly highWaterMark: number } = {
      isServer: true,
      secureContext,
      ALPNProtocols: applicationProtocols,
      // A stream that is paused reads nothing ahead, which 64 KB in records of a few bytes each would make megabytes of.
      highWaterMark: 1,
    };
    const socket = withRecordForEachWrite(new TLSSocket(this.#tcp, options));
    // A second handshake is an error. Were it refused by OpenSSL alone, its client could ask for one in every record.
    socket.disableRenegotiation();
    // Node destroys a socket whose handshake fails. After that it only tells, and would leave a stream that is broken.
    socket.on('error', () => undefined);
    socket.on('_tlsError', () => setImmediate(() => socket.destroy()));
    // This too is told from inside OpenSSL, which does not survive that the socket is destroyed there: nothing else happens in this turn.
    socket.once('secure', () => {
      setImmediate(() => {
        if (this.#settle()) this.#events.onSecure(socket);
      });
    });
    this.#deadline = setTimeout(() => {
      this.end('timed-out');
    }, timeoutMs);
  }

  /** Ends a connection that is not a stream yet, by a reset. */
  end(failure: HandshakeFailure): void {
    if (this.#state === 'settled') return;
    // First, so that the system has the descriptor back before anyone else takes its place.
    this.#tcp.resetAndDestroy();
    this.#fail(failure);
  }

  #fail(failure: HandshakeFailure): void {
    if (this.#settle()) this.#events.onFailed(failure);
  }

  #settle(): boolean {
    if (this.#state === 'settled') return false;
    this.#state = 'settled';
    clearTimeout(this.#deadline);
    return true;
  }
}
