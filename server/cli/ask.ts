import { locateDataDir } from '../config/load.ts';
import type { ControlReplies, ControlRequest } from '../contract/control.ts';
import type { Invocation } from './command.ts';
import { generalFlags } from './flag-description.ts';
import { configSources } from './flags.ts';

/**
 * Asks the server that runs from the data directory which flags, environment and file name.
 * @throws ConfigError when the data directory cannot be told, EnvironmentError when no server answers there
 */
export async function ask<Name extends ControlRequest['command']>(
  invocation: Invocation,
  request: ControlRequest & { readonly command: Name },
): Promise<ControlReplies[Name]> {
  const dataDir = await locateDataDir(configSources(invocation.flags, generalFlags, invocation.terminal));
  const { callControl } = await import('../app/control-client.ts');
  // The server answers a command with the reply that belongs to it (contract/control).
  return (await callControl(dataDir, request)) as ControlReplies[Name];
}
