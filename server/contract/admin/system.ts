import Type from 'typebox';
import { nullable, Time } from './fields.ts';

/** How the appliance is. */
export const System = Type.Object({
  status: Type.Enum(['ok', 'degraded', 'draining']),
  problems: Type.Array(Type.Object({ code: Type.String(), message: Type.String() }), {
    description: 'Why it is not ok, worst first.',
  }),
  version: Type.String(),
  runtime: Type.String(),
  startedAt: Time,
  dataDir: nullable(Type.String(), 'Null: nothing is kept on disk.'),
  relay: Type.Object({
    running: Type.Boolean(),
    engine: Type.String(),
    sessions: Type.Integer(),
    restarts: Type.Integer({ description: 'Restarts of its thread that nobody asked for.' }),
    realm: Type.String(),
    relayPorts: Type.Object({ first: Type.Integer(), last: Type.Integer() }),
    peersAllow: Type.Array(Type.String()),
  }),
  listeners: Type.Array(Type.Object({ role: Type.String(), url: Type.String() })),
  publicHost: Type.String(),
  certificate: nullable(Type.Object({ names: Type.Array(Type.String()), expiresAt: Time }), 'Null: no TLS.'),
  database: Type.Object({
    path: nullable(Type.String(), 'Null: in memory.'),
    sizeBytes: Type.Integer(),
    failure: nullable(
      Type.Object({ code: Type.String(), message: Type.String(), since: Time }),
      'Null: the last write was done.',
    ),
  }),
  memoryBytes: Type.Integer(),
  pendingRestart: Type.Array(Type.String(), { description: 'Keys that wait for a restart of the process.' }),
});
