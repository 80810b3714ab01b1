import { resolve as resolvePath } from 'node:path';
import type { Config, ConfigKey } from '../contract/config.ts';
import { ConfigError, type ConfigProblem } from './config-error.ts';
import { fileLayer, findConfigFile } from './file-layer.ts';
import { environmentLayer, flagLayer, problem, type FlagTexts, type LayerSettings, type Setting } from './layers.ts';
import type { LoadedConfig, Origin } from './loaded-config.ts';
import { optionsLayer } from './options-layer.ts';
import { resolveConfig } from './resolve.ts';
import { configKeys, type KeyDescription } from './schema.ts';
import { show } from './show.ts';
import { storedLayer, type StoredSettings } from './stored-layer.ts';
import { mismatches } from './validate.ts';

/** What a configuration is read from. */
export interface ConfigSources {
  readonly flags: FlagTexts;
  readonly environment: NodeJS.ProcessEnv;
  /** Where relative paths start. */
  readonly cwd: string;
  /** The path that `--config` names. */
  readonly configFile: string | undefined;
}

const defaultOrigin: Origin = { layer: 'default', detail: 'default' };

/**
 * A configuration of which all but the stored layer has been read.
 * @throws ConfigError with every problem that was found
 */
export type LoadWithStored = (stored: StoredSettings) => LoadedConfig;

/**
 * Reads the configuration: flag, then environment, then file, then default, each key on its own.
 * @throws ConfigError with every problem that was found
 */
export async function loadConfig(sources: ConfigSources): Promise<LoadedConfig> {
  return (await configLoader(sources))(new Map());
}

/** Reads flags, environment and file once; what the database holds comes between file and default. */
export async function configLoader(sources: ConfigSources): Promise<LoadWithStored> {
  const { layers, file } = await readLayers(sources);
  return (stored) => loadLayers([...layers, storedLayer(stored)], sources.cwd, file);
}

/**
 * The configuration that a program gives as an object with the tree of the keys. Nothing else is read but the files it names.
 * @throws ConfigError with every problem that was found
 */
export function loadOptions(options: object, cwd: string): LoadedConfig {
  return optionsLoader(options, cwd)(new Map());
}

/** The same, with what the database holds between the options and the defaults. */
export function optionsLoader(options: object, cwd: string): LoadWithStored {
  const layer = optionsLayer(options);
  return (stored) => loadLayers([layer, storedLayer(stored)], cwd, null);
}

function loadLayers(layers: readonly LayerSettings[], cwd: string, file: string | null): LoadedConfig {
  const problems = layers.flatMap((layer) => layer.problems);
  const settings = new Map(configKeys.map((description) => [description.key, settingOf(description, layers)]));
  for (const description of configKeys) problems.push(...schemaProblems(description, settings.get(description.key)));
  // Keys that do not fit their schema are parsed as their defaults, so that the problems of all others are found as well.
  const unfit = new Set(problems.map(({ key }) => key.replace(/\[.*$/, '')));
  const usable = configKeys.map((description) => {
    const value = unfit.has(description.key) ? description.schema.default : settings.get(description.key)?.value;
    return [description.key, value] as const;
  });
  const config = treeOf(usable);
  const originOf = (key: ConfigKey): Origin => settings.get(key)?.origin ?? defaultOrigin;
  const resolution = resolveConfig(config, originOf, cwd);
  problems.push(...resolution.problems);
  if (problems.length > 0) throw new ConfigError(problems);
  return deepFreeze({
    config,
    resolved: resolution.resolved,
    origins: new Map(configKeys.map(({ key }) => [key, originOf(key)])),
    file,
    warnings: [...layers.flatMap((layer) => layer.warnings), ...resolution.warnings],
  });
}

/**
 * The data directory alone, absolute, for commands that speak to a running appliance: they must work while the rest of its
 * configuration is being mended.
 * @throws ConfigError when the file cannot be read, or `dataDir` itself is wrong
 */
export async function locateDataDir(sources: ConfigSources): Promise<string> {
  const given = sources.flags.get('dataDir')?.at(-1);
  if (given !== undefined && given !== '') return resolvePath(sources.cwd, given);
  const { layers } = await readLayers(sources);
  const description = configKeys.find(({ key }) => key === 'dataDir');
  if (description === undefined) throw new Error('the schema has no dataDir');
  const setting = settingOf(description, layers);
  const unreadable = layers.flatMap((layer) => layer.problems).filter(({ code }) => code.startsWith('config_file_'));
  const problems = [...unreadable, ...schemaProblems(description, setting)];
  if (problems.length > 0) throw new ConfigError(problems);
  return resolvePath(sources.cwd, String(setting.value));
}

async function readLayers(sources: ConfigSources): Promise<{ layers: LayerSettings[]; file: string | null }> {
  const { flags, environment, cwd, configFile } = sources;
  const file = findConfigFile(configFile, environment, cwd);
  const layers = [flagLayer(flags), environmentLayer(environment, cwd)];
  if (file !== null) layers.push(await fileLayer(file));
  return { layers, file: file?.path ?? null };
}

function settingOf({ key, schema }: KeyDescription, layers: readonly LayerSettings[]): Setting {
  const setting = layers.map((layer) => layer.settings.get(key)).find((found) => found !== undefined);
  return setting ?? { value: schema.default, origin: defaultOrigin };
}

function schemaProblems({ key, schema }: KeyDescription, setting: Setting | undefined): ConfigProblem[] {
  return mismatches(setting?.value, schema).map(({ code, path, value, schema: part, reason }) =>
    problem(`${key}${path}`, setting?.origin.detail ?? '', show(value, part), { code, reason }),
  );
}

function treeOf(values: readonly (readonly [ConfigKey, unknown])[]): Config {
  const tree: Record<string, unknown> = {};
  for (const [key, value] of values) {
    const path = key.split('.');
    const name = path.pop() ?? '';
    let group = tree;
    for (const segment of path) group = (group[segment] ??= {}) as Record<string, unknown>;
    group[name] = structuredClone(value);
  }
  // Sound because every value was checked against the schema that the type comes from.
  return tree as Config;
}

function deepFreeze<Value>(value: Value): Value {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  // Bytes cannot be frozen.
  if (ArrayBuffer.isView(value)) return value;
  Object.freeze(value);
  for (const member of Object.values(value)) deepFreeze(member);
  return value;
}
