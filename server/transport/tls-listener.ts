import type { TransportAddress } from '../stun/transport-address.ts';
import { PortListener } from './port-listener.ts';
import type { TlsAcceptor } from './tls-acceptor.ts';

/** Accepts TLS clients on one local address and hands them to the `TlsAcceptor` of all such listeners (RFC 8656 section 3.1). */
export class TlsListener extends PortListener {
  constructor(address: TransportAddress, acceptor: TlsAcceptor) {
    super(address, acceptor, { pauseOnConnect: true });
  }
}
