import { callControl } from '../../server/app/control-client.ts';
import type { AdminMethod, AdminReply } from '../../server/contract/control.ts';
import type { RunningAppliance } from './appliance.ts';

/** What a request of the admin API, made as a local command makes it, is answered. */
async function adminReply(
  { dataDir }: Pick<RunningAppliance, 'dataDir'>,
  method: AdminMethod,
  path: string,
  body?: unknown,
  ifMatch?: string,
): Promise<AdminReply> {
  const request = {
    command: 'admin',
    method,
    path,
    ...(body === undefined ? {} : { body }),
    ...(ifMatch === undefined ? {} : { ifMatch }),
  } as const;
  return (await callControl(dataDir, request)) as AdminReply;
}

/** The document of an answer that is none of an error. */
export async function administer<Document>(
  running: Pick<RunningAppliance, 'dataDir'>,
  method: AdminMethod,
  path: string,
  body?: unknown,
  ifMatch?: string,
): Promise<Document> {
  const reply = await adminReply(running, method, path, body, ifMatch);
  if (reply.status >= 400) throw new Error(`${method} ${path}: ${JSON.stringify(reply.body)}`);
  return reply.body as Document;
}
