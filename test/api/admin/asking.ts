import { expect } from 'vitest';
import type { AuditRecord } from '../../../server/store/records.ts';
import type { Store } from '../../../server/store/store.ts';
import type { AdminWorld } from './admin-world.ts';

/** A request as tables write it: the method, the path below `/admin/v1`, and the document. */
export type Asked = readonly [method: 'GET' | 'POST' | 'PATCH' | 'DELETE', path: string, document?: object];

/** What a request is answered. */
export interface Answered {
  readonly status: number;
  /** The document of the answer; null for none. */
  readonly body: unknown;
  readonly etag: string | undefined;
  readonly text: string;
}

/** Asks as an operator, who may do all that is not an owner's, or as an owner. */
export async function ask(
  world: AdminWorld,
  [method, url, payload]: Asked,
  {
    ifMatch = '*',
    as = 'owner',
  }: { readonly ifMatch?: string | null; readonly as?: Parameters<AdminWorld['call']>[0] } = {},
): Promise<Answered> {
  const answer = await world.call(as, {
    method,
    url,
    headers: ifMatch === null ? {} : { 'if-match': ifMatch },
    ...(payload === undefined ? {} : { payload }),
  });
  const isJson = String(answer.headers['content-type']).includes('json');
  return {
    status: answer.statusCode,
    body: isJson && answer.body !== '' ? answer.json<unknown>() : null,
    etag: answer.headers.etag,
    text: answer.body,
  };
}

/** The document of a request that is granted. */
export async function grant<Document>(world: AdminWorld, ...asked: Asked): Promise<Document> {
  const answer = await ask(world, asked);
  expect(answer.status, answer.text).toBeLessThan(300);
  return answer.body as Document;
}

/** The code and the detail of a request that is refused. */
export async function refusal(
  world: AdminWorld,
  ...asked: Asked
): Promise<{ readonly code: string; readonly detail: string }> {
  const answer = await ask(world, asked);
  expect(answer.status, answer.text).toBeGreaterThanOrEqual(400);
  return answer.body as { code: string; detail: string };
}

/** The audit log, the oldest line first. */
export function auditLines(store: Store): readonly AuditRecord[] {
  const everything = { fromMs: null, toMs: null, actor: null, action: null, target: null, beforeId: null };
  return store.audit.list({ ...everything, limit: 1_000 }).toReversed();
}
