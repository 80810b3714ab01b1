import { connect } from 'node:net';
import { once } from 'node:events';
import type { ControlAnswer, ControlReply, ControlRequest } from '../contract/control.ts';
import { controlSocketPath } from './data-dir.ts';
import { EnvironmentError, systemErrorCode } from './errors.ts';

const answerTimeoutMs = 10_000;

/**
 * Asks the appliance that serves from `dataDir`.
 * @throws EnvironmentError `not_running` when none does, `control_failed` when it refuses or does not answer in 10 s
 */
export async function callControl(dataDir: string, request: ControlRequest): Promise<ControlReply> {
  const path = controlSocketPath(dataDir);
  const line = await exchange(path, `${JSON.stringify(request)}\n`);
  const answer = parseAnswer(line);
  if (answer === null) throw unreachable(path, new Error('what answers there is no Turnpike of this version'));
  if (!answer.ok) {
    throw new EnvironmentError(answer.code === 'relay_unavailable' ? answer.code : 'control_failed', answer.message);
  }
  return answer.reply;
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

async function exchange(path: string, line: string): Promise<string> {
  const socket = connect(path);
  socket.setEncoding('utf8');
  socket.setTimeout(answerTimeoutMs, () => socket.destroy(new Error('no answer within 10 s')));
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
