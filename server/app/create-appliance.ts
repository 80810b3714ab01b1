import { optionsLoader, type LoadWithStored } from '../config/load.ts';
import type { LoadedConfig } from '../config/loaded-config.ts';
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
  const read = optionsLoader(configTree(options), process.cwd());
  const load: LoadWithStored = servesNoClient(options) ? (stored) => withoutListeners(read(stored)) : read;
  const { resolved: config, warnings } = load(new Map());
  const isOnDisk = options.dataDir !== undefined && options.dataDir !== false;
  const logger = options.logger ?? silent;
  for (const level of ['debug', 'info', 'warn', 'error'] as const) {
    if (typeof logger[level] !== 'function') throw new TypeError(`options.logger has no method ${level}`);
  }
  return new EmbeddedAppliance({ config, load, logger, state: isOnDisk ? null : stateInMemory(), warnings });
}

function withoutListeners(loaded: LoadedConfig): LoadedConfig {
  const { resolved } = loaded;
  return { ...loaded, resolved: { ...resolved, turn: { ...resolved.turn, listen: [] } } };
}
