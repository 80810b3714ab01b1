/** What is known of an event. `event` is a stable name; the rest depends on it. */
export interface LogFields {
  readonly event: string;
  readonly [field: string]: unknown;
}

/** Where an appliance logs: one call an event. A pino logger is one, and so is `console`. */
export interface Logger {
  debug(fields: LogFields, message: string): void;
  info(fields: LogFields, message: string): void;
  warn(fields: LogFields, message: string): void;
  error(fields: LogFields, message: string): void;
}
