import { resolve } from 'node:path';
import { configLoader, locateDataDir } from '../config/load.ts';
import type { BackupReply } from '../contract/control.ts';
import { wordAt, type Command } from './command.ts';
import { generalFlags } from './flag-description.ts';
import { configSources } from './flags.ts';
import { formatBytes } from './format.ts';
import { print } from './output.ts';
import type { Via } from './admin-access.ts';

/** `turnpike backup`. */
export const backupCommand: Command = {
  name: 'backup',
  summary: 'Copy the database into a file, while the server runs or not',
  examples: [
    ['turnpike backup /srv/backup/turnpike-monday.db', 'a file that is not there yet'],
    ['turnpike backup copy.db --data-dir /var/lib/turnpike', 'of the server that has its data there'],
  ],
  notes: [
    'The copy is of one moment and complete. Its secrets are sealed with the master key, which is not in it: keep the file master-key of ' +
      'the data directory, or masterKey of the configuration, elsewhere. "turnpike restore" puts a backup back.',
  ],
  positionals: [{ name: 'FILE', meaning: 'a file to write' }],
  flags: [],
  async run(invocation) {
    const { flags, terminal } = invocation;
    const sources = configSources(flags, generalFlags, terminal);
    const dataDir = await locateDataDir(sources);
    const file = resolve(terminal.cwd, wordAt(invocation, 'FILE'));
    const { callControl, controlAnswers } = await import('../app/control-client.ts');
    if (await controlAnswers(dataDir)) {
      const { controlSocketPath } = await import('../app/data-dir.ts');
      const reply = (await callControl(dataDir, { command: 'backup', file })) as BackupReply;
      return print(invocation, { kind: 'server', path: controlSocketPath(dataDir) }, outputOf(reply));
    }
    const { openOfflineAdmin } = await import('../app/offline-admin.ts');
    const offline = await openOfflineAdmin({ dataDir, load: () => configLoader(sources) });
    try {
      const via: Via = { kind: 'database', path: offline.database };
      return print(invocation, via, outputOf(offline.backUp(file)));
    } finally {
      await offline.close();
    }
  },
};

function outputOf(reply: BackupReply): { readonly document: BackupReply; readonly lines: readonly string[] } {
  const lines = [
    `Copied the database to ${reply.file}, ${formatBytes(reply.bytes)}.`,
    'Its secrets are of use with the master key alone, which is not in it: keep that elsewhere.',
  ];
  return { document: reply, lines };
}
