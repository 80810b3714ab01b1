import { EnvironmentError } from '../app/errors.ts';
import { ConfigError } from '../config/config-error.ts';
import { configLoader, type LoadWithStored } from '../config/load.ts';
import type { LoadedConfig } from '../config/loaded-config.ts';
import { configKeys } from '../config/schema.ts';
import type { ResolvedConfig } from '../config/resolved-config.ts';
import { redacted } from '../config/show.ts';
import { exitCodeOf } from '../contract/error-codes.ts';
import type { Command } from './command.ts';
import { configFlags, generalFlags } from './flag-description.ts';
import { configSources, isOn } from './flags.ts';

/** `turnpike check-config`. */
export const checkConfigCommand: Command = {
  name: 'check-config',
  summary: 'Check the configuration and show every value with its origin',
  examples: [
    ['turnpike check-config', 'what "turnpike serve" would use from here'],
    ['turnpike check-config --config new.yaml', 'try a file before it is used'],
    ['turnpike check-config --json', 'the same for machines'],
  ],
  notes: [
    'It takes every flag of "turnpike serve", reads the certificate and what is set in the console, and opens no port. Passwords and secrets are not shown. The ' +
      'exit code is 0 when the configuration is good and 2 when it is not; all problems are listed.',
  ],
  flags: configFlags,
  async run({ flags, terminal }) {
    const sources = configSources(flags, [...generalFlags, ...configFlags], terminal);
    const asJson = isOn(flags, 'json');
    try {
      const { loaded, unread } = await withStored(await configLoader(sources));
      const warnings = [...loaded.warnings, ...unread, ...(await certificateWarnings(loaded.resolved))];
      terminal.stdout.write(asJson ? renderJson(loaded, warnings) : renderText(loaded, warnings));
      return 0;
    } catch (error) {
      if (!asJson || !(error instanceof ConfigError || error instanceof EnvironmentError)) throw error;
      const problems = error instanceof ConfigError ? error.problems : [{ code: error.code, message: error.message }];
      terminal.stdout.write(`${JSON.stringify({ valid: false, problems }, null, 2)}\n`);
      return exitCodeOf(error.code);
    }
  },
};

/** The configuration with what the database holds, where there is one that can be read; if not, a warning that says why. */
async function withStored(load: LoadWithStored): Promise<{ loaded: LoadedConfig; unread: readonly string[] }> {
  const loaded = load(new Map());
  const { lookAtDatabase } = await import('../app/doctor/data-facts.ts');
  const look = lookAtDatabase(loaded.resolved.dataDir);
  if (look === null) return { loaded, unread: [] };
  if ('failure' in look) return { loaded, unread: [`What is set in the console is left out: ${look.failure}`] };
  return { loaded: load(look.settings), unread: [] };
}

/** What is to be said of the certificate's files; none without TLS. */
async function certificateWarnings({ tls, publicHost }: ResolvedConfig): Promise<readonly string[]> {
  if (tls === null) return [];
  const { certificateWarnings: warningsOf, readCertificate } = await import('../app/watched-certificate.ts');
  const source = { files: tls, publicHost };
  return warningsOf(await readCertificate(source), source, Date.now());
}

interface Row {
  readonly key: string;
  readonly value: unknown;
  readonly origin: { readonly layer: string; readonly detail: string } | undefined;
}

function rowsOf({ config, origins }: LoadedConfig): Row[] {
  return configKeys.map(({ key, schema }) => ({
    key,
    value: redacted(valueAt(config, key), schema),
    origin: origins.get(key),
  }));
}

function renderText(loaded: LoadedConfig, warnings: readonly string[]): string {
  const rows = rowsOf(loaded);
  const keyWidth = Math.max(...rows.map(({ key }) => key.length));
  const values = rows.map(({ value }) => JSON.stringify(value));
  const valueWidth = Math.min(40, Math.max(...values.map((value) => value.length)));
  const lines = rows.map(({ key, origin }, index) =>
    `${key.padEnd(keyWidth)}  ${(values[index] ?? '').padEnd(valueWidth)}  ${origin?.detail ?? ''}`.trimEnd(),
  );
  const file = loaded.file ?? 'none; ./turnpike.yaml and /etc/turnpike/turnpike.yaml are not there';
  return [
    'The configuration is good.',
    `File: ${file}`,
    '',
    ...lines,
    ...(warnings.length === 0 ? [] : ['', ...warnings.map((warning) => `Warning: ${warning}`)]),
    '',
  ].join('\n');
}

function renderJson(loaded: LoadedConfig, warnings: readonly string[]): string {
  const config = Object.fromEntries(rowsOf(loaded).map(({ key, value, origin }) => [key, { value, origin }]));
  const document = { valid: true, file: loaded.file, config, warnings };
  return `${JSON.stringify(document, null, 2)}\n`;
}

function valueAt(config: LoadedConfig['config'], key: string): unknown {
  let value: unknown = config;
  for (const segment of key.split('.')) value = (value as Record<string, unknown>)[segment];
  return value;
}
