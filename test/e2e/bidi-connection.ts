/** What answers a command (WebDriver BiDi, section 3: protocol), or tells of an event. */
type Message =
  | { readonly type: 'success'; readonly id: number; readonly result: unknown }
  | { readonly type: 'error'; readonly id: number | null; readonly error: string; readonly message: string }
  | { readonly type: 'event'; readonly method: string; readonly params: unknown };

/** A connection to a browser by WebDriver BiDi. */
export class BidiConnection {
  readonly #socket: WebSocket;
  readonly #pending = new Map<number, PromiseWithResolvers<unknown>>();
  readonly #listeners = new Map<string, (params: unknown) => void>();
  #lastId = 0;

  /** Connects to an endpoint that begins no session by itself, and begins one. */
  static async open(url: string): Promise<BidiConnection> {
    const socket = new WebSocket(url);
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    socket.onopen = () => resolve();
    socket.onerror = () => reject(new Error(`no WebSocket at ${url}`));
    await promise;
    const connection = new BidiConnection(socket);
    await connection.send('session.new', { capabilities: {} });
    return connection;
  }

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.onmessage = ({ data }) => this.#receive(JSON.parse(String(data)) as Message);
    socket.onerror = null;
    socket.onclose = () => {
      for (const { reject } of this.#pending.values()) reject(new Error('the browser closed its connection'));
      this.#pending.clear();
    };
  }

  /** The result of a command. */
  send<Result>(method: string, params: object): Promise<Result> {
    if (this.#socket.readyState !== WebSocket.OPEN) return Promise.reject(new Error(`too late for ${method}`));
    this.#lastId += 1;
    const answer = Promise.withResolvers<unknown>();
    this.#pending.set(this.#lastId, answer);
    this.#socket.send(JSON.stringify({ id: this.#lastId, method, params }));
    return answer.promise as Promise<Result>;
  }

  /** Asks for an event, which one function is to handle. */
  async subscribe(event: string, listener: (params: unknown) => void): Promise<void> {
    this.#listeners.set(event, listener);
    await this.send('session.subscribe', { events: [event] });
  }

  #receive(message: Message): void {
    switch (message.type) {
      case 'event':
        return this.#listeners.get(message.method)?.(message.params);
      case 'success':
        return this.#settle(message.id).resolve(message.result);
      case 'error':
        return this.#settle(message.id).reject(new Error(`${message.error}: ${message.message}`));
    }
  }

  #settle(id: number | null): PromiseWithResolvers<unknown> {
    const pending = this.#pending.get(id ?? NaN);
    if (pending === undefined) throw new Error(`an answer to no command: ${String(id)}`);
    this.#pending.delete(id ?? NaN);
    return pending;
  }
}
