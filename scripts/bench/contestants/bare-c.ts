import { freePort } from '../binding-probe.ts';
import { startServer } from '../child-processes.ts';
import type { Contestant } from './contestant.ts';

/** The floor for a relay in C without kernel bypass: recvmmsg and sendmmsg. */
export const bareC: Contestant = {
  name: 'bare-c',
  label: 'bare C forwarder',
  topology: 'bare',
  toward: 'both',
  transports: ['udp'],
  unavailable: () => Promise.resolve(null),
  start: async (place) => {
    const port = await freePort();
    const server = startServer({
      command: place.programs.launch,
      args: [place.cpus, place.programs.forwarder, String(port)],
    });
    await server.ready;
    return { ...server, port };
  },
};
