import type { RelayFailure } from '../../server/seam/relay.ts';
import type { IpFamily } from '../../server/stun/transport-address.ts';
import type { PlaneAnswer } from './test-machine.ts';

/** One step of a script. `who` is one of four clients: two of carol, one of them on TCP, one of dave, one of alice. */
export type Step =
  | { kind: 'allocate'; who: number; shape: AllocateShape; answers: readonly PlaneAnswer[]; again: boolean }
  | { kind: 'refresh'; who: number; lifetimeS: number | undefined; family: IpFamily | undefined }
  | { kind: 'permit'; who: number; peers: readonly number[] }
  | { kind: 'bind'; who: number; channel: number; peer: number }
  | { kind: 'answer'; answer: 'open' | RelayFailure }
  | { kind: 'wait'; seconds: number }
  | { kind: 'gone'; who: number }
  | { kind: 'noise'; who: number; bytes: Uint8Array }
  | { kind: 'revoke'; revoked: boolean }
  | { kind: 'plan'; ipv6: boolean }
  | { kind: 'drain' };

export type AllocateShape = 'plain' | 'even' | 'pair' | 'dual' | 'token' | 'stolen-token';
