import { configLoader } from '../config/load.ts';
import type { Command } from './command.ts';
import { configFlags, generalFlags } from './flag-description.ts';
import { configSources, isOn } from './flags.ts';

/** `turnpike serve`. */
export const serveCommand: Command = {
  name: 'serve',
  summary: 'Run the server until a signal or "turnpike drain" ends it',
  examples: [
    ['turnpike serve', 'serve on every address, STUN and TURN on port 3478, data in ./data'],
    ['turnpike serve --public-host turn.example.org', 'the name in the URLs that clients get'],
    ['turnpike serve --turn-public-address 203.0.113.5', 'behind 1:1 NAT, as on most clouds'],
    ['turnpike serve --turn-relay-ports 50000-50999', 'fewer ports to open in the firewall'],
    ['turnpike serve --turn-listen udp://127.0.0.1:0', 'on loopback, any free port'],
  ],
  notes: [
    'Each flag below sets one configuration key, whose path and environment variable stand below it. A flag wins over the ' +
      'environment, which wins over the file. A list takes commas, or the flag several times. A misspelt key or an impossible ' +
      'value stops the start with exit code 2, a taken port or an unusable directory with exit code 1.',
    'SIGTERM, SIGINT and "turnpike drain" drain: no new sessions are admitted, and the server exits when the last has ended or ' +
      'drainSeconds are over. A second signal exits at once.',
    'With --json the log is JSON, whatever standard output is.',
  ],
  flags: configFlags,
  async run({ flags, terminal }) {
    const asked =
      isOn(flags, 'json') && !flags.has('log-format') ? new Map([...flags, ['log-format', ['json']]]) : flags;
    const load = await configLoader(configSources(asked, [...generalFlags, ...configFlags], terminal));
    const { serve } = await import('../app/serve.ts');
    return serve(load, { stdout: terminal.stdout, stderr: terminal.stderr });
  },
};
