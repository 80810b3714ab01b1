import { join } from 'node:path';
import { stateOnDisk } from '../../server/app/kept-state.ts';
import { openApplianceStore } from '../../server/app/open-store.ts';
import { callTurnpike, temporaryDirectory, type Outcome } from './run-turnpike.ts';

/** Commands for a data directory. Words of a line are separated by single spaces. */
export interface Commands {
  /** Runs a command line on it, with a text at standard input. */
  readonly run: (line: string, input?: string) => Promise<Outcome>;
  /** What a command prints with `--json`; fails when it fails. */
  readonly json: (line: string, input?: string) => Promise<Record<string, unknown>>;
}

/** A data directory that an appliance has served from. */
export interface PreparedDatabase extends Commands {
  readonly dataDir: string;
  /** The file of the database. */
  readonly path: string;
}

/** Makes the database as the first start does. */
export function prepareDatabase(): PreparedDatabase {
  const dataDir = temporaryDirectory();
  openApplianceStore(stateOnDisk(dataDir), { masterKey: null, hasConfiguredSecret: false }).close();
  return { dataDir, path: join(dataDir, 'turnpike.db'), ...commandsFor(dataDir) };
}

/** Commands for the data directory of a server, or of none. */
export function commandsFor(dataDir: string): Commands {
  const run: Commands['run'] = (line, input) =>
    callTurnpike([...line.split(' '), '--data-dir', dataDir], dataDir, {}, input);
  return {
    run,
    json: async (line, input) => {
      const { code, stdout, stderr } = await run(`${line} --json`, input);
      if (code !== 0) throw new Error(`"turnpike ${line}" ended with ${code}: ${stderr}`);
      return JSON.parse(stdout) as Record<string, unknown>;
    },
  };
}
