import { chmodSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import type { ControlAnswer, ControlReply, ControlRequest } from '../contract/control.ts';
import { isErrorCode } from '../contract/error-codes.ts';
import { parseControlRequest } from '../contract/control-request.ts';
import { probeControl } from './control-client.ts';
import { EnvironmentError, systemErrorCode } from './errors.ts';

/** A body of the admin API at its largest, with what stands around it. */
const maxRequestBytes = 64 * 1024;
const requestTimeoutMs = 10_000;

/** What the server does with requests. */
export interface ControlServerOptions {
  readonly handle: (request: ControlRequest) => Promise<ControlReply>;
  /** Told of every request or connection that failed for no reason that a caller could mend. */
  readonly onFailure: (error: unknown) => void;
}

/**
 * The local socket by which commands on this host reach the appliance: one JSON line in, one JSON line out. Whoever may
 * open the socket may do anything; it is for the owner of the data directory alone (mode 0600).
 */
export class ControlServer {
  readonly #path: string;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #onFailure: (error: unknown) => void;

  constructor(path: string, options: ControlServerOptions) {
    this.#path = path;
    this.#onFailure = options.onFailure;
    this.#server = createServer((socket) => {
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
      answerOne(socket, options);
    });
  }

  /**
   * Listens; a socket that a killed appliance left is replaced.
   * @throws EnvironmentError `data_dir_in_use` when another appliance answers there, `control_socket_unusable`
   */
  async listen(): Promise<void> {
    try {
      await this.#bind().catch((error: unknown) => this.#replaceLeftOver(error));
      // From here on an error is a connection that could not be taken over.
      this.#server.removeAllListeners('error').on('error', this.#onFailure);
      chmodSync(this.#path, 0o600);
    } catch (error) {
      await this.close();
      if (error instanceof EnvironmentError) throw error;
      throw new EnvironmentError(
        'control_socket_unusable',
        `cannot listen on ${this.#path} (${systemErrorCode(error) ?? String(error)}). ` +
          'A socket path has at most 107 bytes; set dataDir to a shorter path on a local file system.',
        { cause: error },
      );
    }
  }

  #bind(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(this.#path, resolve);
    });
  }

  /** The path is taken: by an appliance that answers, or by what a killed one left. */
  async #replaceLeftOver(error: unknown): Promise<void> {
    if (systemErrorCode(error) !== 'EADDRINUSE') throw error;
    if (await probeControl(this.#path)) {
      throw new EnvironmentError(
        'data_dir_in_use',
        `another Turnpike serves from this data directory (${this.#path} answers). Stop it, or set dataDir elsewhere.`,
      );
    }
    rmSync(this.#path, { force: true });
    await this.#bind();
  }

  /** Stops answering and removes the socket. */
  async close(): Promise<void> {
    if (!this.#server.listening) return;
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
    rmSync(this.#path, { force: true });
  }
}

function answerOne(socket: Socket, options: ControlServerOptions): void {
  let text = '';
  let answered = false;
  socket.setEncoding('utf8');
  socket.setTimeout(requestTimeoutMs, () => socket.destroy());
  // A command that goes away before its answer harms nobody.
  socket.on('error', () => socket.destroy());
  socket.on('data', (chunk: string) => {
    text += chunk;
    const end = text.indexOf('\n');
    if (text.length > maxRequestBytes) socket.destroy();
    if (end === -1 || answered) return;
    answered = true;
    // From here on the time is the server's own: a backup takes what it takes.
    socket.setTimeout(0);
    void answer(text.slice(0, end), options).then((reply) => socket.end(`${JSON.stringify(reply)}\n`));
  });
}

async function answer(line: string, { handle, onFailure }: ControlServerOptions): Promise<ControlAnswer> {
  const request = parseControlRequest(parseJson(line));
  if (typeof request === 'string') return { ok: false, code: 'usage', message: request };
  try {
    return { ok: true, reply: await handle(request) };
  } catch (error) {
    if (error instanceof Error && 'code' in error && typeof error.code === 'string' && isErrorCode(error.code)) {
      return { ok: false, code: error.code, message: error.message };
    }
    onFailure(error);
    return { ok: false, code: 'internal', message: `"${request.command}" failed inside the server; its log says why` };
  }
}

/** The value of a JSON text; undefined when it is none. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
