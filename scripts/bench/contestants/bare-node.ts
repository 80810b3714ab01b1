import { fileURLToPath } from 'node:url';
import { freePort } from '../binding-probe.ts';
import { startServer } from '../child-processes.ts';
import type { Contestant } from './contestant.ts';

/** The floor for a relay on node:dgram. */
export const bareNode: Contestant = {
  name: 'bare-node',
  label: 'bare node:dgram forwarder',
  topology: 'bare',
  toward: 'both',
  transports: ['udp'],
  unavailable: () => Promise.resolve(null),
  start: async (place) => {
    const port = await freePort();
    const script = fileURLToPath(new URL('../bare-forwarder.ts', import.meta.url));
    const server = startServer({
      command: place.programs.launch,
      args: [place.cpus, process.execPath, script, String(port)],
    });
    await server.ready;
    return { ...server, port };
  },
};
