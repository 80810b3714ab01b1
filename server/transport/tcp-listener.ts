import type { TransportAddress } from '../stun/transport-address.ts';
import { PortListener } from './port-listener.ts';
import type { StreamClients } from './stream-clients.ts';

/** Accepts TCP clients on one local address and hands them to `StreamClients` (RFC 8656 section 3.1). */
export class TcpListener extends PortListener {
  constructor(address: TransportAddress, clients: StreamClients) {
    super(address, clients, { pauseOnConnect: false });
  }
}
