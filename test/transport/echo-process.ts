import { ipv4 } from '../../server/stun/transport-address.ts';
import { StreamClients } from '../../server/transport/stream-clients.ts';
import { TcpListener } from '../../server/transport/tcp-listener.ts';

// A listener that sends every frame back, in a process of its own, whose descriptors a test can limit. Prints its port.
const streams = new StreamClients({
  channelRange: 'rfc8656',
  events: {
    onFrame: (frame, client) => {
      streams.send(client, frame);
    },
    onGone: () => undefined,
  },
});
const address = await new TcpListener({ ip: ipv4(0x7f000001), port: 0 }, streams).listen();
process.stdout.write(`${address.port}\n`);
