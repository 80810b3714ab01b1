import { resolve } from 'node:path';
import { configLoader, locateDataDir } from '../config/load.ts';
import { wordAt, type Command } from './command.ts';
import { generalFlags } from './flag-description.ts';
import { configSources } from './flags.ts';
import { print } from './output.ts';

/** `turnpike restore`. */
export const restoreCommand: Command = {
  name: 'restore',
  summary: 'Put a backup in the place of the database, while the server is stopped',
  examples: [['turnpike restore /srv/backup/turnpike-monday.db', 'the database that is there stays beside it']],
  notes: [
    'The backup is checked before anything is changed: that it is sound, that this release understands it, and that the master key in the ' +
      'data directory, or masterKey of the configuration, is the one it is sealed with. What was revoked or deleted since it was made is ' +
      'in force again.',
  ],
  positionals: [{ name: 'FILE', meaning: 'a file that "turnpike backup" made' }],
  flags: [],
  async run(invocation) {
    const { flags, terminal } = invocation;
    const sources = configSources(flags, generalFlags, terminal);
    const { restore } = await import('../app/restore.ts');
    const restored = await restore({
      file: resolve(terminal.cwd, wordAt(invocation, 'FILE')),
      dataDir: await locateDataDir(sources),
      load: () => configLoader(sources),
      nowMs: Date.now(),
    });
    const lines = [
      `Restored ${restored.database}`,
      restored.replaced === null ? 'There was no database before.' : `The one before is ${restored.replaced}`,
      'Start Turnpike again, and look through what was revoked or deleted since the backup.',
    ];
    return print(invocation, { kind: 'database', path: restored.database }, { document: restored, lines });
  },
};
