import type { HealthReply } from '../contract/control.ts';
import { certificateLine } from '../app/summary.ts';
import { ask } from './ask.ts';
import type { Command } from './command.ts';
import { formatDuration } from './duration.ts';
import { isOn } from './flags.ts';

/** `turnpike health`. */
export const healthCommand: Command = {
  name: 'health',
  summary: 'Tell how the running server is',
  examples: [
    ['turnpike health', 'status, listeners and sessions'],
    ['turnpike health --json', 'the same for machines'],
    ['turnpike health --data-dir /var/lib/turnpike', 'of the server that has its data there'],
  ],
  notes: [
    'It asks through the socket control.sock in the data directory, so it runs on the same host as the user of the server. The exit ' +
      'code is 0 only when the status is ok: draining and degraded give 1, as does a server that is not there.',
  ],
  flags: [],
  async run(invocation) {
    const reply = await ask(invocation, { command: 'health' });
    const { stdout } = invocation.terminal;
    stdout.write(isOn(invocation.flags, 'json') ? `${JSON.stringify(reply, null, 2)}\n` : render(reply));
    return reply.status === 'ok' ? 0 : 1;
  },
};

function render(reply: HealthReply): string {
  const sessions = reply.allocations === 1 ? '1 allocation' : `${reply.allocations} allocations`;
  return [
    `${reply.status}: Turnpike ${reply.version}, up for ${formatDuration(reply.uptimeSeconds)}, ${sessions}`,
    ...reply.listeners.map(({ role, url }) => `  ${role.padEnd(8)}${url}`),
    ...(reply.certificate === null ? [] : [`  ${'tls'.padEnd(8)}${certificateLine(reply.certificate)}`]),
    `  ${'engine'.padEnd(8)}${reply.engine}`,
    `  ${'data'.padEnd(8)}${reply.dataDir ?? 'none'}`,
    '',
  ].join('\n');
}
