import { pino, type Logger as PinoLogger, type LoggerOptions } from 'pino';

/** How much is logged, from everything to nothing but failures. */
export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error';

/** Where log lines go: one call a line, the newline included. */
export interface LogSink {
  write(line: string): void;
}

/** What a log is made with. */
export interface LogOptions {
  readonly level: LogLevel;
  /** `json`: one object a line, for machines. `text`: one line an event, for a person at a terminal. */
  readonly format: 'json' | 'text';
  readonly sink: LogSink;
}

/** Creates the appliance's log. Every line has a stable `event` name; names and addresses are fields, never in it. */
export function createLog(options: LogOptions): PinoLogger {
  const settings: LoggerOptions = {
    level: options.level,
    base: null,
    messageKey: 'message',
    timestamp: () => `,"time":"${new Date().toISOString()}"`,
    formatters: { level: (label) => ({ level: label }) },
  };
  return pino(settings, options.format === 'json' ? options.sink : textSink(options.sink));
}

/** Renders each line for a person: `12:30:01.123 WARN  message  key=value`. */
function textSink(sink: LogSink): LogSink {
  return {
    write(line) {
      const { level, time, message, event, ...fields } = JSON.parse(line) as Record<string, unknown>;
      const clock = String(time).slice(11, 23);
      const label = String(level).toUpperCase().padEnd(5);
      const details = Object.entries(fields).map(([key, value]) => `${key}=${renderValue(value)}`);
      sink.write([clock, label, visible(String(message ?? event)), ...details].join(' ').trimEnd() + '\n');
    },
  };
}

function renderValue(value: unknown): string {
  return typeof value === 'string' && /^(?:(?!["=])[\x21-\x7e])+$/.test(value) ? value : visible(JSON.stringify(value));
}

/** Strangers choose names: a control or formatting character of theirs must not move a terminal's cursor or reorder a line. */
function visible(text: string): string {
  return text.replace(/[\p{C}\u2028\u2029]/gu, (character) =>
    Array.from({ length: character.length }, (_, at) => escaped(character.charCodeAt(at))).join(''),
  );
}

function escaped(codeUnit: number): string {
  return `\\u${codeUnit.toString(16).padStart(4, '0')}`;
}
