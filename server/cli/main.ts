import { nearest } from '../config/nearest.ts';
import { exitCodeOf, isErrorCode, type ErrorCode } from '../contract/error-codes.ts';
import type { Command, CommandGroup } from './command.ts';
import type { Terminal } from './terminal.ts';
import { UsageError } from './usage-error.ts';

/** How long the last output may take to be read. */
const exitDelayMs = 1_000;

/** Every command by its name; its file is loaded when it is called, so that the light ones stay light. */
const commands: ReadonlyMap<string, () => Promise<Command | CommandGroup>> = new Map<
  string,
  () => Promise<Command | CommandGroup>
>([
  ['serve', async () => (await import('./serve.ts')).serveCommand],
  ['check-config', async () => (await import('./check-config.ts')).checkConfigCommand],
  ['ice', async () => (await import('./ice.ts')).iceCommand],
  ['app', async () => (await import('./app.ts')).appGroup],
  ['secret', async () => (await import('./secret.ts')).secretGroup],
  ['key', async () => (await import('./key.ts')).keyGroup],
  ['user', async () => (await import('./user.ts')).userGroup],
  ['session', async () => (await import('./session.ts')).sessionGroup],
  ['ban', async () => (await import('./ban.ts')).banGroup],
  ['admin', async () => (await import('./admin.ts')).adminGroup],
  ['setting', async () => (await import('./setting.ts')).settingGroup],
  ['usage', async () => (await import('./usage.ts')).usageCommand],
  ['failures', async () => (await import('./failures.ts')).failuresCommand],
  ['explain', async () => (await import('./explain.ts')).explainCommand],
  ['audit', async () => (await import('./audit.ts')).auditGroup],
  ['backup', async () => (await import('./backup.ts')).backupCommand],
  ['restore', async () => (await import('./restore.ts')).restoreCommand],
  ['doctor', async () => (await import('./doctor.ts')).doctorCommand],
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
  if (first === 'help' && rest[0] !== undefined) return dispatch([...rest, '--help'], terminal);
  if (first === '--help' || first === '-h' || first === 'help') {
    terminal.stdout.write(await overview());
    return 0;
  }
  const [command, commandWords] = choose(await load(first), rest);
  if (rest.includes('--help') || rest.includes('-h')) {
    const { commandHelp, groupHelp } = await import('./help.ts');
    terminal.stdout.write('run' in command ? commandHelp(command) : groupHelp(command));
    return 0;
  }
  if (!('run' in command)) throw new UsageError(withoutVerb(command, commandWords[0]));
  const { parseWords } = await import('./flags.ts');
  return command.run({ ...parseWords(command, commandWords), terminal });
}

/** The command that the words after the first one choose, and what is left for it; the group itself where they choose none. */
function choose(
  called: Command | CommandGroup,
  words: readonly string[],
): readonly [Command | CommandGroup, readonly string[]] {
  if ('run' in called) return [called, words];
  const chosen = called.subcommands.find(({ name }) => name === `${called.name} ${words[0]}`);
  return chosen === undefined ? [called, words] : [chosen, words.slice(1)];
}

function withoutVerb(group: CommandGroup, word: string | undefined): string {
  const verbs = group.subcommands.map(({ name }) => name.slice(group.name.length + 1));
  if (word === undefined || word.startsWith('-')) {
    return `say what to do: turnpike ${group.name} ${verbs.join('|')}. "turnpike ${group.name} --help" explains them.`;
  }
  const meant = nearest(word, verbs);
  const fix = meant === undefined ? `Commands: ${verbs.join(', ')}.` : `Did you mean ${meant}?`;
  return `"turnpike ${group.name}" has no command "${word}". ${fix}`;
}

async function load(word: string): Promise<Command | CommandGroup> {
  const found = commands.get(word);
  if (found !== undefined) return found();
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
  return generalHelp(await Promise.all([...commands.values()].map((each) => each())));
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
  const problem: unknown = error instanceof Error && 'problem' in error ? error.problem : undefined;
  return `${JSON.stringify({ error: { code, message: messageOf(error), problems, problem } })}\n`;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Runs the command line that this process was started with. Its exit code is the command's. */
export async function runCommandLine(): Promise<void> {
  const { stdin, stdout, stderr, env, argv } = process;
  process.exitCode = await main(argv.slice(2), { stdin, stdout, stderr, environment: env, cwd: process.cwd() });
  // What is left is output that nobody reads; it must not keep the process.
  setTimeout(() => process.exit(), exitDelayMs).unref();
}

if (import.meta.main) await runCommandLine();
