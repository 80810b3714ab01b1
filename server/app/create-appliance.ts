import { loadOptions } from '../config/load.ts';
import type { Logger } from '../telemetry/logger.ts';
import { configTree, servesNoClient, type CreateApplianceOptions } from './appliance-options.ts';
import { EmbeddedAppliance } from './embedded-appliance.ts';
import { stateInMemory } from './kept-state.ts';

const silent: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};

/**
 * An appliance within this program. Nothing is opened before `start()`.
 * @throws ConfigError with everything that is wrong with the options, each problem with its key, its value and the remedy;
 * TypeError for a logger that is none
 */
export function createAppliance(options: CreateApplianceOptions = {}): EmbeddedAppliance {
  const { resolved, warnings } = loadOptions(configTree(options), process.cwd());
  const isOnDisk = options.dataDir !== undefined && options.dataDir !== false;
  const logger = options.logger ?? silent;
  for (const level of ['debug', 'info', 'warn', 'error'] as const) {
    if (typeof logger[level] !== 'function') throw new TypeError(`options.logger has no method ${level}`);
  }
  const config = servesNoClient(options) ? { ...resolved, turn: { ...resolved.turn, listen: [] } } : resolved;
  return new EmbeddedAppliance({ config, logger, state: isOnDisk ? null : stateInMemory(), warnings });
}
