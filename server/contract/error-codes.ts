/** What ends a command: its exit status. 2: the configuration or the command line; 1: the host, or an appliance that does not answer. */
export type ExitCode = 1 | 2;

/** A stable code of the catalogue, never reworded; the texts may be. */
export type ErrorCode = keyof typeof errorCatalogue;

/** The codes of what is wrong with the configuration. */
export type ConfigErrorCode = { [C in ErrorCode]: C extends `config_${string}` ? C : never }[ErrorCode];

interface CatalogueEntry {
  readonly exitCode: ExitCode;
  readonly title: string;
}

/** Every error that ends a command. */
export const errorCatalogue = {
  config_invalid: { exitCode: 2, title: 'The configuration has problems' },
  config_file_unreadable: { exitCode: 2, title: 'The configuration file cannot be read' },
  config_file_malformed: { exitCode: 2, title: 'The configuration file is not YAML' },
  config_unknown_key: { exitCode: 2, title: 'There is no such key' },
  config_wrong_type: { exitCode: 2, title: 'The value is not of the kind the key takes' },
  config_malformed_value: { exitCode: 2, title: 'The value cannot be read' },
  config_impossible_value: { exitCode: 2, title: 'The value cannot be met' },
  config_duplicate: { exitCode: 2, title: 'The value is given twice' },
  usage: { exitCode: 2, title: 'The command line is not understood' },
  certificate_unusable: { exitCode: 2, title: 'The certificate or its key cannot be used' },
  data_dir_unusable: { exitCode: 1, title: 'The data directory cannot be used' },
  data_file_invalid: { exitCode: 1, title: 'A file in the data directory is damaged' },
  data_dir_in_use: { exitCode: 1, title: 'Another appliance serves from the data directory' },
  control_socket_unusable: { exitCode: 1, title: 'The control socket cannot be opened' },
  port_taken: { exitCode: 1, title: 'A port is taken' },
  port_forbidden: { exitCode: 1, title: 'A port may not be used' },
  address_unavailable: { exitCode: 1, title: 'An address is not of this host' },
  relay_start_failed: { exitCode: 1, title: 'The relay did not start' },
  relay_unavailable: { exitCode: 1, title: 'The relay does not answer' },
  realm_has_users: { exitCode: 2, title: 'The realm cannot change under TURN users' },
  too_many_secrets: { exitCode: 2, title: 'The default app has too many live secrets' },
  no_database: { exitCode: 1, title: 'The data directory holds no database' },
  master_key_wrong: { exitCode: 1, title: 'The master key is not that of the database' },
  store_full: { exitCode: 1, title: 'The disk of the database is full' },
  store_read_only: { exitCode: 1, title: 'The database cannot be written' },
  store_busy: { exitCode: 1, title: 'Another program holds the database' },
  store_corrupt: { exitCode: 1, title: 'The database is damaged' },
  store_too_new: { exitCode: 1, title: 'The database is of a newer Turnpike' },
  store_io: { exitCode: 1, title: 'The disk failed' },
  admin_refused: { exitCode: 1, title: 'The admin API refused what a command asked for' },
  backup_failed: { exitCode: 1, title: 'No backup could be made' },
  restore_refused: { exitCode: 1, title: 'The backup cannot be restored' },
  not_running: { exitCode: 1, title: 'No appliance serves from the data directory' },
  control_failed: { exitCode: 1, title: 'The appliance refused or did not answer' },
  internal: { exitCode: 1, title: 'A defect of Turnpike' },
} as const satisfies Record<string, CatalogueEntry>;

/** The exit status that goes with a code. */
export function exitCodeOf(code: ErrorCode): ExitCode {
  return errorCatalogue[code].exitCode;
}

/** Whether the text is a code of the catalogue. */
export function isErrorCode(text: string): text is ErrorCode {
  return Object.hasOwn(errorCatalogue, text);
}
