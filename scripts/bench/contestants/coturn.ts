import { join } from 'node:path';
import { awaitBinding, freePort } from '../binding-probe.ts';
import { startServer } from '../child-processes.ts';
import { coturnVersion } from '../machine.ts';
import { benchCertificate } from './bench-certificate.ts';
import { benchUser, type Contestant } from './contestant.ts';

/** The TURN server that most people run. One relay thread, as the others have. */
export const coturn: Contestant = {
  name: 'coturn',
  label: 'coturn',
  topology: 'turn',
  toward: 'both',
  transports: ['udp', 'tcp', 'tls'],
  unavailable: async () =>
    (await coturnVersion()) === null ? 'turnserver is not installed (Debian: apt-get install coturn)' : null,
  start: async (place) => {
    const [port, tlsPort] = [await freePort(), await freePort()];
    const { certificate, key } = benchCertificate(place.scratchDirectory);
    const flags = ['-n', '--no-cli', '--no-dtls', '--lt-cred-mech', '--allow-loopback-peers', '--simple-log'];
    const server = startServer({
      command: place.programs.launch,
      args: [
        ...[place.cpus, 'turnserver', ...flags, '-m', '1', '-L', '127.0.0.1', '-E', '127.0.0.1', '-p', String(port)],
        ...['--tls-listening-port', String(tlsPort), '--cert', certificate, '--pkey', key],
        ...['-u', `${benchUser.name}:${benchUser.password}`, '-r', benchUser.realm, '--log-file', '/dev/null'],
        ...['--pidfile', join(place.scratchDirectory, 'coturn.pid')],
        ...['--userdb', join(place.scratchDirectory, 'coturn.sqlite')],
      ],
    });
    await awaitBinding(port, 5000);
    return { ...server, port, tlsPort };
  },
};
