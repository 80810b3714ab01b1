import { existsSync, readFileSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import type * as Yaml from 'yaml';
import type { ConfigKey } from '../contract/config.ts';
import type { ConfigErrorCode } from '../contract/error-codes.ts';
import type { ConfigProblem } from './config-error.ts';
import type { LayerSettings, Setting } from './layers.ts';
import { configSchema, holdsSecret, keysByPath, propertyOf, type SchemaNode } from './schema.ts';
import { unknownKey } from './unknown-key.ts';

/** A file that is to be read, and what asked for it. */
export interface ConfigFile {
  /** Absolute. */
  readonly path: string;
  /** `--config`, `TURNPIKE_CONFIG`, or null for one that was found where files are looked for. */
  readonly namedBy: string | null;
}

/** The file to read: what `--config` or `TURNPIKE_CONFIG` names, else ./turnpike.yaml, else /etc/turnpike/turnpike.yaml, else none. */
export function findConfigFile(
  named: string | undefined,
  environment: NodeJS.ProcessEnv,
  cwd: string,
): ConfigFile | null {
  if (named !== undefined) return { path: resolve(cwd, named), namedBy: '--config' };
  const variable = environment.TURNPIKE_CONFIG ?? '';
  if (variable !== '') return { path: resolve(cwd, variable), namedBy: 'TURNPIKE_CONFIG' };
  const found = [resolve(cwd, 'turnpike.yaml'), '/etc/turnpike/turnpike.yaml'].find((path) => existsSync(path));
  return found === undefined ? null : { path: found, namedBy: null };
}

/** The layer of a YAML file. A key without a value counts as not given. */
export async function fileLayer(file: ConfigFile): Promise<LayerSettings> {
  const settings = new Map<ConfigKey, Setting>();
  const warnings: string[] = [];
  const failed = (code: ConfigErrorCode, message: string): LayerSettings => ({
    settings,
    problems: [{ code, key: file.path, message }],
    warnings,
  });
  let text: string;
  let isOpen: boolean;
  try {
    text = readFileSync(file.path, 'utf8');
    isOpen = (statSync(file.path).mode & 0o004) !== 0;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const origin = file.namedBy === null ? '' : ` (${file.namedBy})`;
    return failed(
      'config_file_unreadable',
      `cannot read ${file.path}${origin}: ${reason}. Check the path and who may read it.`,
    );
  }
  try {
    const read = await readYaml(file.path, text);
    const secrets = [...read.settings.keys()].filter((key) => holdsSecret(keysByPath.get(key)?.schema ?? {}));
    if (isOpen && secrets.length > 0) {
      const what = secrets.join(' and ');
      warnings.push(`${file.path} holds ${what} and every user of this host may read it. Run: chmod o-r ${file.path}`);
    }
    return { ...read, warnings };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return failed('config_file_malformed', `${file.path} cannot be read as YAML: ${reason}.`);
  }
}

async function readYaml(path: string, text: string): Promise<Omit<LayerSettings, 'warnings'>> {
  // Loaded only when there is a file: it is the largest part of the configuration's code.
  const yaml = await import('yaml');
  const lines = new yaml.LineCounter();
  const document = yaml.parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const error = document.errors[0];
  if (error !== undefined) {
    const { line, col } = lines.linePos(error.pos[0]);
    const message = `${path}:${line}:${col} is not YAML: ${error.message.replace(/\.?$/, '.')}`;
    return { settings: new Map(), problems: [{ code: 'config_file_malformed', key: path, message }] };
  }
  const key = collectionKey(document, yaml);
  if (key !== undefined) {
    const { line, col } = lines.linePos(key.range?.[0] ?? 0);
    const message = `${path}:${line}:${col} has something else than a name where a key stands. Write the name of a key.`;
    return { settings: new Map(), problems: [{ code: 'config_file_malformed', key: path, message }] };
  }
  const reader = new FileReader(path, document, lines, yaml);
  if (document.contents !== null) reader.readGroup(document.contents, configSchema, []);
  return reader;
}

/** A key that is no name. The library would write it out as one, which doubles in length with every level inside it. */
function collectionKey(document: Yaml.Document, yaml: typeof Yaml): Yaml.Node | undefined {
  let found: Yaml.Node | undefined;
  yaml.visit(document, {
    Pair(_, { key }) {
      if (!yaml.isNode(key) || yaml.isScalar(key)) return undefined;
      found = key;
      return yaml.visit.BREAK;
    },
  });
  return found;
}

class FileReader implements Omit<LayerSettings, 'warnings'> {
  readonly settings = new Map<ConfigKey, Setting>();
  readonly problems: ConfigProblem[] = [];
  readonly #path: string;
  readonly #document: Yaml.Document;
  readonly #lines: Yaml.LineCounter;
  readonly #yaml: typeof Yaml;

  constructor(path: string, document: Yaml.Document, lines: Yaml.LineCounter, yaml: typeof Yaml) {
    this.#path = path;
    this.#document = document;
    this.#lines = lines;
    this.#yaml = yaml;
  }

  /** Reads the keys of a mapping that the schema describes as an object. */
  readGroup(node: Yaml.Node, schema: SchemaNode, path: readonly string[]): void {
    const group = this.#yaml.isAlias(node) ? node.resolve(this.#document) : node;
    if (!this.#yaml.isMap(group)) {
      const names = Object.keys(schema.properties ?? {}).join(', ');
      const what = path.length === 0 ? 'the file' : path.join('.');
      return this.#report('config_wrong_type', what, node, `holds no keys. Write a mapping with any of ${names}.`);
    }
    for (const pair of group.items as Yaml.Pair<Yaml.Node, Yaml.Node | null>[]) this.#readPair(pair, schema, path);
  }

  #readPair(pair: Yaml.Pair<Yaml.Node, Yaml.Node | null>, schema: SchemaNode, path: readonly string[]): void {
    const name = this.#yaml.isScalar(pair.key) ? String(pair.key.value) : String(pair.key);
    const here = [...path, name];
    const child = propertyOf(schema, name);
    if (child === undefined) {
      return this.#report('config_unknown_key', here.join('.'), pair.key, unknownKey(name, schema, path));
    }
    const node = pair.value;
    // A key without a value is not set; where null is a value of its own, it has to be written.
    if (node === null || (this.#yaml.isScalar(node) && node.value === null && !this.#isWrittenNull(node, child))) {
      return;
    }
    if (child.properties !== undefined) return this.readGroup(node, child, here);
    const value: unknown = node.toJS(this.#document);
    const detail = `${this.#path}:${this.#lineOf(pair.key)}`;
    this.settings.set(here.join('.') as ConfigKey, { value, origin: { layer: 'file', detail } });
  }

  #isWrittenNull(node: Yaml.Scalar, schema: SchemaNode): boolean {
    return node.source !== '' && schema.anyOf?.some(({ type }) => type === 'null') === true;
  }

  #report(code: ConfigErrorCode, key: string, node: Yaml.Node, reason: string): void {
    this.problems.push({ code, key, message: `${key} (${this.#path}:${this.#lineOf(node)}) ${reason}` });
  }

  #lineOf(node: Yaml.Node): number {
    return this.#lines.linePos(node.range?.[0] ?? 0).line;
  }
}
