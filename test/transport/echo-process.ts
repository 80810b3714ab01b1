import { ipv4 } from '../../server/stun/transport-address.ts';
import { StreamClients } from '../../server/transport/stream-clients.ts';
import { TcpListener } from '../../server/transport/tcp-listener.ts';
import { TlsAcceptor } from '../../server/transport/tls-acceptor.ts';
import { TlsListener } from '../../server/transport/tls-listener.ts';
import { makeCertificate } from '../support/certificates.ts';

// A listener that sends every frame back, in a process of its own, whose descriptors a test can limit. Speaks TLS
// when its argument says so. Prints its port.
const streams = new StreamClients({
  channelRange: 'rfc8656',
  events: {
    onFrame: (frame, client) => {
      streams.send(client, frame);
    },
    onGone: () => undefined,
  },
});
const anyPort = { ip: ipv4(0x7f000001), port: 0 };
const material = makeCertificate({ names: ['turn.example.org'] });
const listener =
  process.argv[2] === 'tls'
    ? new TlsListener(anyPort, new TlsAcceptor({ streams, material }))
    : new TcpListener(anyPort, streams);
const address = await listener.listen();
process.stdout.write(`${address.port}\n`);
