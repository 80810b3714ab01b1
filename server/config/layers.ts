import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { ConfigKey } from '../contract/config.ts';
import type { ConfigProblem } from './config-error.ts';
import type { Layer, Origin } from './loaded-config.ts';
import { nearest } from './nearest.ts';
import type { Refusal } from './refusal.ts';
import { configKeys, holdsSecret, keysByPath, type KeyDescription } from './schema.ts';
import { show } from './show.ts';
import { valueOfTexts } from './text-value.ts';

/** A value that some layer gives to a key. */
export interface Setting {
  readonly value: unknown;
  readonly origin: Origin;
}

/** What one layer says, and what is wrong with how it says it. */
export interface LayerSettings {
  readonly settings: ReadonlyMap<ConfigKey, Setting>;
  readonly problems: readonly ConfigProblem[];
  readonly warnings: readonly string[];
}

/** The texts that flags give, by key; several where a flag is repeated. */
export type FlagTexts = ReadonlyMap<ConfigKey, readonly string[]>;

/** The layer of command-line flags. */
export function flagLayer(flags: FlagTexts): LayerSettings {
  const layer = new LayerBuilder('flag');
  for (const [key, texts] of flags) {
    const description = keysByPath.get(key);
    if (description === undefined) continue;
    layer.addTexts(description, texts, `flag --${description.flag}`);
    if (holdsSecret(description.schema)) {
      layer.warnings.push(
        `--${description.flag} is shown to every user of this host by "ps". Put it into a file and name that with ` +
          `${description.environment}_FILE.`,
      );
    }
  }
  return layer;
}

/**
 * The layer of environment variables: `TURNPIKE_TURN_REALM`, or `TURNPIKE_TURN_REALM_FILE` with the path of a file that holds the
 * value. An empty variable counts as none, as container tools pass unset ones.
 */
export function environmentLayer(environment: NodeJS.ProcessEnv, cwd: string): LayerSettings {
  const layer = new LayerBuilder('environment');
  for (const description of configKeys) {
    const name = description.environment;
    const text = environment[name] ?? '';
    const path = environment[`${name}_FILE`] ?? '';
    if (text !== '' && path !== '') {
      const reason = `is given twice, by ${name} and by ${name}_FILE. Remove one of them.`;
      layer.problems.push({ code: 'config_duplicate', key: description.key, message: `${description.key} ${reason}` });
    } else if (text !== '') {
      layer.addTexts(description, [text], name);
    } else if (path !== '') {
      addFile(layer, description, `${name}_FILE`, resolve(cwd, path));
    }
  }
  addMasterKeyCredential(layer, environment);
  reportUnknownVariables(layer, environment);
  return layer;
}

class LayerBuilder implements LayerSettings {
  readonly settings = new Map<ConfigKey, Setting>();
  readonly problems: ConfigProblem[] = [];
  readonly warnings: string[] = [];
  readonly #layer: Layer;

  constructor(layer: Layer) {
    this.#layer = layer;
  }

  addTexts({ key, schema }: KeyDescription, texts: readonly string[], detail: string): void {
    const result = valueOfTexts(texts, schema);
    if ('value' in result) this.settings.set(key, { value: result.value, origin: { layer: this.#layer, detail } });
    else this.problems.push(problem(key, detail, show(texts.join(','), schema), result.refusal));
  }
}

/** Puts a problem into words: the key, where the value comes from, the value, what is wrong, and what to write. */
export function problem(key: string, detail: string, shown: string, refusal: Refusal): ConfigProblem {
  return { code: refusal.code, key, message: `${key} (${detail}): ${shown} ${refusal.reason}` };
}

function addFile(layer: LayerBuilder, description: KeyDescription, variable: string, path: string): void {
  let text: string;
  try {
    text = readFileSync(path, 'utf8').trim();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const message = `${description.key} (${variable}): cannot read ${path}: ${reason}. Check the path and who may read it.`;
    layer.problems.push({ code: 'config_file_unreadable', key: description.key, message });
    return;
  }
  const isList = (description.schema.anyOf ?? [description.schema]).some((form) => form.type === 'array');
  // A list may be JSON, which may span lines, or have one element a line.
  const texts = isList && !/^[[{]/.test(text) ? text.split(/\s*\n\s*/) : [text];
  layer.addTexts(description, texts, `${variable} (${path})`);
}

/** The name of the systemd credential (LoadCredential=, LoadCredentialEncrypted=) that holds the master key. */
const masterKeyCredential = 'turnpike-master-key';

function addMasterKeyCredential(layer: LayerBuilder, environment: NodeJS.ProcessEnv): void {
  const directory = environment.CREDENTIALS_DIRECTORY ?? '';
  const description = keysByPath.get('masterKey');
  if (directory === '' || description === undefined || layer.settings.has('masterKey')) return;
  const path = resolve(directory, masterKeyCredential);
  if (existsSync(path)) addFile(layer, description, 'the systemd credential', path);
}

/** Variables that an orchestrator makes for a service of our name, e.g. `TURNPIKE_PORT_3478_UDP_ADDR`. */
const orchestratorVariable =
  /^TURNPIKE_(?:[A-Z0-9_]+_)?(?:SERVICE_HOST|SERVICE_PORT(?:_[A-Z0-9_]+)?|PORT(?:_[0-9]+_(?:TCP|UDP)(?:_[A-Z]+)?)?)$/;

function reportUnknownVariables(layer: LayerBuilder, environment: NodeJS.ProcessEnv): void {
  const known = ['TURNPIKE_CONFIG', ...configKeys.flatMap(({ environment: name }) => [name, `${name}_FILE`])];
  for (const name of Object.keys(environment)) {
    if (!name.startsWith('TURNPIKE_') || known.includes(name) || orchestratorVariable.test(name)) continue;
    const meant = nearest(name, known);
    if (meant === undefined) {
      layer.warnings.push(`${name} is in the environment, but there is no such key. It has no effect.`);
    } else {
      const message = `${name} is in the environment, but there is no such key. Did you mean ${meant}?`;
      layer.problems.push({ code: 'config_unknown_key', key: name, message });
    }
  }
}
