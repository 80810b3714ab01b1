import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { ConfigError, type ConfigProblem } from '../../server/config/config-error.ts';
import { loadConfig, type ConfigSources } from '../../server/config/load.ts';
import type { LoadedConfig } from '../../server/config/loaded-config.ts';
import type { ConfigKey } from '../../server/contract/config.ts';

/** What a configuration is made of in a test. */
export interface Given {
  readonly flags?: Partial<Record<ConfigKey, string[]>>;
  readonly environment?: Record<string, string>;
  /** The text of `turnpike.yaml` in the working directory. */
  readonly yaml?: string;
}

/** The sources of a configuration, in a directory of its own that is removed after the test. */
export function sourcesOf({ flags = {}, environment = {}, yaml }: Given): ConfigSources {
  const cwd = mkdtempSync(join(tmpdir(), 'turnpike-config-'));
  onTestFinished(() => rmSync(cwd, { recursive: true, force: true }));
  if (yaml !== undefined) writeFileSync(join(cwd, 'turnpike.yaml'), yaml, { mode: 0o600 });
  return { flags: new Map(Object.entries(flags) as [ConfigKey, string[]][]), environment, cwd, configFile: undefined };
}

/** Loads a configuration that is good. */
export function load(given: Given): Promise<LoadedConfig> {
  return loadConfig(sourcesOf(given));
}

/** The error of a configuration that is not. */
export async function failureOf(sources: ConfigSources): Promise<ConfigError> {
  try {
    await loadConfig(sources);
  } catch (error) {
    if (error instanceof ConfigError) return error;
    throw error;
  }
  throw new Error('the configuration was taken');
}

/** The problems of a configuration given as flags; none when it is taken. */
export async function problemsOf(flags: Partial<Record<ConfigKey, string[]>>): Promise<readonly ConfigProblem[]> {
  try {
    await load({ flags });
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
}
