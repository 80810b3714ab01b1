import { fileURLToPath } from 'node:url';
import { freePort } from '../binding-probe.ts';
import { startServer } from '../child-processes.ts';
import { benchCertificate } from './bench-certificate.ts';
import type { Contestant } from './contestant.ts';

/** The floor for clients on TCP and TLS: node:net or node:tls on the one side, node:dgram on the other. */
export const bareStream: Contestant = {
  name: 'bare-stream',
  label: 'bare stream forwarder (Node)',
  topology: 'bare',
  toward: 'both',
  transports: ['tcp', 'tls'],
  unavailable: () => Promise.resolve(null),
  start: async (place) => {
    const [port, tlsPort] = [await freePort(), await freePort()];
    const { certificate, key } = benchCertificate(place.scratchDirectory);
    const script = fileURLToPath(new URL('../bare-stream-forwarder.ts', import.meta.url));
    const server = startServer({
      command: place.programs.launch,
      args: [place.cpus, process.execPath, script, String(port), String(tlsPort), certificate, key],
    });
    await server.ready;
    return { ...server, port, tlsPort };
  },
};
