import { fileURLToPath } from 'node:url';
import { awaitBinding, freePort } from '../binding-probe.ts';
import { startServer } from '../child-processes.ts';
import type { Contestant } from './contestant.ts';

/** The TURN server of the npm registry. It relays ChannelData from peers to clients, and not the other way. */
export const nodeTurn: Contestant = {
  name: 'node-turn',
  label: 'node-turn',
  topology: 'turn',
  toward: 'client',
  transports: ['udp'],
  unavailable: () => Promise.resolve(null),
  start: async (place) => {
    const port = await freePort();
    const script = fileURLToPath(new URL('../node-turn-server.ts', import.meta.url));
    const server = startServer({
      command: place.programs.launch,
      args: [place.cpus, process.execPath, script, String(port)],
    });
    await awaitBinding(port, 5000);
    return { ...server, port };
  },
};
