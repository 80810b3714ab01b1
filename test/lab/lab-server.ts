import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { HealthReply, IceReply } from '../../server/contract/control.ts';
import type { RunningProgram } from '../startup/running-program.ts';
import { commandLine, readyLine } from '../startup/serving.ts';
import { tempDir } from '../support/temp-dir.ts';
import { labUser } from './lab-addresses.ts';
import type { Namespace } from './namespaces.ts';

/** A server in a namespace. Its commands reach it from anywhere on this machine: they use a file. */
export interface LabServer {
  readonly program: RunningProgram;
  /** What `turnpike health --json` prints. */
  health(): Promise<HealthReply>;
  /** What `turnpike ice --json` prints. */
  ice(): Promise<IceReply>;
}

/** Starts `turnpike serve`, with all that the flags leave at its default, and waits until it is ready. */
export async function serveIn(namespace: Namespace, flags: readonly string[]): Promise<LabServer> {
  const dataDir = `--data-dir=${tempDir()}`;
  const users = JSON.stringify([{ name: labUser.username, password: labUser.password }]);
  const program = namespace.start([commandLine, 'serve', dataDir, ...flags], { TURNPIKE_TURN_USERS: users });
  await program.seen(readyLine);
  const ask = async (command: string): Promise<unknown> => {
    const { stdout } = await promisify(execFile)(process.execPath, [commandLine, command, '--json', dataDir]);
    return JSON.parse(stdout);
  };
  return {
    program,
    health: async () => (await ask('health')) as HealthReply,
    ice: async () => (await ask('ice')) as IceReply,
  };
}
