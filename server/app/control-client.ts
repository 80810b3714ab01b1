import { connect } from 'node:net';
import { once } from 'node:events';
import type { ControlAnswer, ControlReply, ControlRequest } from '../contract/control.ts';
import type { ErrorCode } from '../contract/error-codes.ts';
import { controlSocketPath } from './data-dir.ts';
import { EnvironmentError, systemErrorCode, type EnvironmentErrorCode } from './errors.ts';

const answerTimeoutS = 10;
/** A database is copied and checked meanwhile. */
const backupTimeoutS = 600;

/**
 * Asks the appliance that serves from `dataDir`.
 * @throws EnvironmentError with the code of its refusal; `not_running` when none serves there, `control_failed` when it does not
 * answer in 10 s, a backup in 10 minutes
 */
export async function callControl(dataDir: string, request: ControlRequest): Promise<ControlReply> {
  const path = controlSocketPath(dataDir);
  const timeoutS = request.command === 'backup' ? backupTimeoutS : answerTimeoutS;
  const line = await exchange(path, `${JSON.stringify(request)}\n`, timeoutS);
  const answer = parseAnswer(line);
  if (answer === null) throw unreachable(path, new Error('what answers there is no Turnpike of this version'));
  if (!answer.ok) throw new EnvironmentError(refusalCode(answer.code), answer.message);
  return answer.reply;
}

/** What a command says of a refusal: its own code where that is of the host, not of the command line or a defect. */
function refusalCode(code: ErrorCode): EnvironmentErrorCode {
  const isOfHost = code !== 'usage' && code !== 'internal' && !code.startsWith('config_');
  return isOfHost ? (code as EnvironmentErrorCode) : 'control_failed';
}

/**
 * Whether an appliance, or a command in its place, answers in `dataDir`.
 * @throws EnvironmentError `control_failed` when this user may not know
 */
export async function controlAnswers(dataDir: string): Promise<boolean> {
  const path = controlSocketPath(dataDir);
  const socket = connect(path);
  try {
    await once(socket, 'connect');
    return true;
  } catch (error) {
    const refusal = unreachable(path, error);
    if (refusal.code === 'not_running') return false;
    throw refusal;
  } finally {
    socket.destroy();
  }
}

function parseAnswer(line: string): ControlAnswer | null {
  try {
    const answer = JSON.parse(line) as ControlAnswer | null;
    return typeof answer?.ok === 'boolean' ? answer : null;
  } catch {
    return null;
  }
}

/** Whether somebody accepts connections at a control socket. */
export async function probeControl(path: string): Promise<boolean> {
  const socket = connect(path);
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

async function exchange(path: string, line: string, timeoutS: number): Promise<string> {
  const socket = connect(path);
  socket.setEncoding('utf8');
  socket.setTimeout(timeoutS * 1000, () => socket.destroy(new Error(`no answer within ${timeoutS} s`)));
  let text = '';
  try {
    socket.write(line);
    for await (const chunk of socket) text += String(chunk);
  } catch (error) {
    throw unreachable(path, error);
  }
  if (text === '') throw unreachable(path, new Error('it closed without an answer'));
  return text;
}

function unreachable(path: string, error: unknown): EnvironmentError {
  const code = systemErrorCode(error);
  if (code === 'ENOENT' || code === 'ECONNREFUSED') {
    return new EnvironmentError(
      'not_running',
      `no Turnpike serves from this data directory (nobody answers at ${path}). ` +
        'Start it with "npm start", or name its data directory with --data-dir.',
      { cause: error },
    );
  }
  return new EnvironmentError('control_failed', `${path}: ${error instanceof Error ? error.message : String(error)}`, {
    cause: error,
  });
}
