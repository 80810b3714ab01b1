import { configLoader, locateDataDir } from '../config/load.ts';
import type { AdminReply, AdminRequest } from '../contract/control.ts';
import { AdminRefusal, type FlagWords } from './admin-refusal.ts';
import type { Invocation } from './command.ts';
import { generalFlags } from './flag-description.ts';
import { configSources, isOn } from './flags.ts';

/** Where a command's requests go. */
export interface Via {
  /** `server`: the one that runs; `database`: the file, while none runs. */
  readonly kind: 'server' | 'database';
  /** The control socket, or the database. Absolute. */
  readonly path: string;
}

/** A request as commands write it. */
export interface AdminCall extends Omit<AdminRequest, 'command'> {
  /** What the flags of the command are called in the document that is sent. */
  readonly words?: FlagWords;
}

/** The admin API as a command reaches it. */
export class Admin {
  readonly via: Via;
  readonly #send: (request: AdminRequest) => Promise<AdminReply>;

  constructor(via: Via, send: (request: AdminRequest) => Promise<AdminReply>) {
    this.via = via;
    this.#send = send;
  }

  /**
   * The document that a route answers with.
   * @throws AdminRefusal with the problem that it answers instead
   */
  async call<Document>({ words, ...request }: AdminCall): Promise<Document> {
    const reply = await this.#send({ command: 'admin', ...request });
    if (reply.status >= 400) throw new AdminRefusal(reply, words);
    return reply.body as Document;
  }
}

/** A path below `/admin/v1` of these segments, whatever characters they have. */
export function pathOf(...segments: readonly string[]): string {
  return segments.map((segment) => `/${encodeURIComponent(segment)}`).join('');
}

/**
 * Runs `work` with the admin API of the running server, or over its database while it is stopped. Which of the two it was is told
 * on standard error, unless the output is for machines; then `print` tells it.
 * @throws EnvironmentError `no_database` when there is neither
 */
export async function withAdmin(invocation: Invocation, work: (admin: Admin) => Promise<number>): Promise<number> {
  const sources = sourcesOf(invocation);
  const dataDir = await locateDataDir(sources);
  const { controlAnswers } = await import('../app/control-client.ts');
  if (await controlAnswers(dataDir)) return work(await serverAdmin(invocation, dataDir));
  const { openOfflineAdmin } = await import('../app/offline-admin.ts');
  const offline = await openOfflineAdmin({ dataDir, load: () => configLoader(sources) });
  try {
    const via = { kind: 'database', path: offline.database } as const;
    tell(invocation, via);
    return await work(new Admin(via, (request) => offline.send(request)));
  } finally {
    await offline.close();
  }
}

/**
 * Runs `work` with the admin API of the running server: for what is not in the database.
 * @throws EnvironmentError `not_running`
 */
export async function withServer(invocation: Invocation, work: (admin: Admin) => Promise<number>): Promise<number> {
  return work(await serverAdmin(invocation, await locateDataDir(sourcesOf(invocation))));
}

async function serverAdmin(invocation: Invocation, dataDir: string): Promise<Admin> {
  const { callControl, controlAnswers } = await import('../app/control-client.ts');
  const { controlSocketPath } = await import('../app/data-dir.ts');
  const via = { kind: 'server', path: controlSocketPath(dataDir) } as const;
  // Where nobody answers the first call says so.
  if (await controlAnswers(dataDir)) tell(invocation, via);
  return new Admin(via, async (request) => (await callControl(dataDir, request)) as AdminReply);
}

function sourcesOf({ flags, terminal }: Invocation): ReturnType<typeof configSources> {
  return configSources(flags, generalFlags, terminal);
}

function tell({ flags, terminal }: Invocation, { kind, path }: Via): void {
  if (isOn(flags, 'json') || isOn(flags, 'quiet')) return;
  terminal.stderr.write(
    kind === 'server' ? `Through the running server, ${path}\n` : `On the database, ${path}; no server runs\n`,
  );
}
