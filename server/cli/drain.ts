import { ask } from './ask.ts';
import type { Command } from './command.ts';
import { formatDuration } from './duration.ts';
import { isOn } from './flags.ts';

/** `turnpike drain`. */
export const drainCommand: Command = {
  name: 'drain',
  summary: 'Let the running server finish its sessions and exit',
  examples: [
    ['turnpike drain', 'before an upgrade or a reboot'],
    ['turnpike drain --data-dir /var/lib/turnpike', 'the server that has its data there'],
  ],
  notes: [
    'The server admits no new sessions and exits when the last has ended, or after drainSeconds. The command returns at once. It is ' +
      'the same as SIGTERM.',
  ],
  flags: [],
  async run(invocation) {
    const reply = await ask(invocation, { command: 'drain' });
    const sessions = reply.sessions === 1 ? '1 session is' : `${reply.sessions} sessions are`;
    invocation.terminal.stdout.write(
      isOn(invocation.flags, 'json')
        ? `${JSON.stringify(reply)}\n`
        : `Draining: ${sessions} open. The server exits when they have ended, at the latest in ${formatDuration(reply.deadlineSeconds)}.\n`,
    );
    return 0;
  },
};
