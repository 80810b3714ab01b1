import { strict as assert } from 'node:assert';
import type { Action } from '../../server/seam/action.ts';
import { formatTransportAddress } from '../../server/stun/ip-text.ts';
import { Method } from '../../server/stun/registry.ts';
import type { PlaneModel } from './plane-model.ts';
import { Reply } from './reply.ts';

/** Throws when an Allocate is told of a relay that the plane has not attached yet (DESIGN.md section 3). */
export function assertSuccessIsApplied(plane: PlaneModel, action: Action): void {
  if (action.kind !== 'send') return;
  const reply = new Reply(action.bytes);
  if (reply.code !== 0 || reply.message.method !== Method.allocate) return;
  const relays = [...plane.relays.values()];
  for (const relayed of reply.relayed) {
    const relay = relays.find(({ address }) => formatTransportAddress(address) === relayed);
    assert(relay?.client === action.client, `${relayed} is attached before it is reported`);
  }
  if (reply.token === undefined) return;
  const next = Number(reply.relayed[0]?.split(':').at(-1)) + 1;
  const isReserved = relays.some(({ address, client }) => address.port === next && client === undefined);
  assert(isReserved, 'a reserved port is open before its token is reported');
}
