import { nearest } from '../config/nearest.ts';
import { exitCodeOf, isErrorCode, type ErrorCode } from '../contract/error-codes.ts';
import type { Command } from './command.ts';
import type { Terminal } from './terminal.ts';
import { UsageError } from './usage-error.ts';

/** How long the last output may take to be read. */
const exitDelayMs = 1_000;

/** Every command by its name; its file is loaded when it is called, so that the light ones stay light. */
const commands: ReadonlyMap<string, () => Promise<Command>> = new Map([
  ['serve', async () => (await import('./serve.ts')).serveCommand],
  ['check-config', async () => (await import('./check-config.ts')).checkConfigCommand],
  ['ice', async () => (await import('./ice.ts')).iceCommand],
  ['health', async () => (await import('./health.ts')).healthCommand],
  ['drain', async () => (await import('./drain.ts')).drainCommand],
  ['version', async () => (await import('./version.ts')).versionCommand],
]);

/**
 * Runs one command line.
 * @param words what follows `turnpike`
 * @returns the exit code: 0, or that of the catalogue (contract/error-codes)
 */
export async function main(words: readonly string[], terminal: Terminal): Promise<number> {
  try {
    return await dispatch(words, terminal);
  } catch (error) {
    const code = codeOf(error);
    terminal.stderr.write(words.includes('--json') ? errorJson(code, error) : errorText(code, error));
    return exitCodeOf(code);
  }
}

async function dispatch(words: readonly string[], terminal: Terminal): Promise<number> {
  const [first, ...rest] = words;
  if (first === undefined) {
    terminal.stderr.write(await overview());
    return exitCodeOf('usage');
  }
  if (first === '--version' || first === '-V') return dispatch(['version', ...rest], terminal);
  if (first === 'help' && rest[0] !== undefined) return dispatch([rest[0], '--help'], terminal);
  if (first === '--help' || first === '-h' || first === 'help') {
    terminal.stdout.write(await overview());
    return 0;
  }
  const command = await loadCommand(first);
  if (rest.includes('--help') || rest.includes('-h')) {
    const { commandHelp } = await import('./help.ts');
    terminal.stdout.write(commandHelp(command));
    return 0;
  }
  const { parseFlags } = await import('./flags.ts');
  const { generalFlags } = await import('./flag-description.ts');
  const flags = parseFlags(command.name, rest, [...generalFlags, ...command.flags]);
  return command.run({ flags, terminal });
}

async function loadCommand(word: string): Promise<Command> {
  const load = commands.get(word);
  if (load !== undefined) return load();
  const names = [...commands.keys()];
  if (word.startsWith('-')) {
    throw new UsageError(`name a command before ${word}, e.g. turnpike serve ${word}. Commands: ${names.join(', ')}.`);
  }
  const meant = nearest(word, names);
  throw new UsageError(
    `there is no command "${word}". ${meant === undefined ? `Commands: ${names.join(', ')}.` : `Did you mean ${meant}?`}`,
  );
}

async function overview(): Promise<string> {
  const { generalHelp } = await import('./help.ts');
  return generalHelp(await Promise.all([...commands.values()].map((load) => load())));
}

function codeOf(error: unknown): ErrorCode {
  if (!(error instanceof Error) || !('code' in error)) return 'internal';
  return typeof error.code === 'string' && isErrorCode(error.code) ? error.code : 'internal';
}

function errorText(code: ErrorCode, error: unknown): string {
  if (code !== 'internal') return `turnpike: ${messageOf(error)}\n`;
  const trace = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return `turnpike: a defect of Turnpike, please report it with this text:\n${trace}\n`;
}

function errorJson(code: ErrorCode, error: unknown): string {
  const problems: unknown = error instanceof Error && 'problems' in error ? error.problems : undefined;
  return `${JSON.stringify({ error: { code, message: messageOf(error), problems } })}\n`;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Runs the command line that this process was started with. Its exit code is the command's. */
export async function runCommandLine(): Promise<void> {
  const { stdout, stderr, env, argv } = process;
  process.exitCode = await main(argv.slice(2), { stdout, stderr, environment: env, cwd: process.cwd() });
  // What is left is output that nobody reads; it must not keep the process.
  setTimeout(() => process.exit(), exitDelayMs).unref();
}

if (import.meta.main) await runCommandLine();
