import { createRequire } from 'node:module';
import { benchUser } from './contestants/contestant.ts';

interface NodeTurnOptions {
  readonly listeningPort: number;
  readonly listeningIps: readonly string[];
  readonly relayIps: readonly string[];
  readonly authMech: 'long-term';
  readonly realm: string;
  readonly credentials: Readonly<Record<string, string>>;
}

// The package has no types of its own.
const NodeTurn = createRequire(import.meta.url)('node-turn') as new (options: NodeTurnOptions) => { start(): void };

new NodeTurn({
  listeningPort: Number(process.argv[2]),
  listeningIps: ['127.0.0.1'],
  relayIps: ['127.0.0.1'],
  authMech: 'long-term',
  realm: benchUser.realm,
  credentials: { [benchUser.name]: benchUser.password },
}).start();
