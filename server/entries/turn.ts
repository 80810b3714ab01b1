// What `import ... from 'turnpike/turn'` gives: the TURN machine, and the types of the seam by which a plane is driven.

export { changesOf, packUsers } from '../credentials/credential-changes.ts';
export {
  plainApp,
  secretId,
  staticUser,
  type AppCredentials,
  type Ban,
  type CredentialChange,
  type CredentialDelta,
  type CredentialSet,
  type RestSecret,
  type StaticUser,
  type StaticUserChunk,
} from '../credentials/credential-set.ts';
export { parseRestUsername, restPassword, restUsername, type RestUsername } from '../credentials/rest-username.ts';
export type { Action } from '../seam/action.ts';
export type { Client, ListenerId, StreamClient, StreamId, UdpClient } from '../seam/client.ts';
export type {
  DirectionCounters,
  DropCounters,
  ForwardingPlane,
  PlaneCapabilities,
  PlaneCounters,
  PlaneEvents,
  RelayCounters,
} from '../seam/plane.ts';
export type {
  AddressPlan,
  AddressTranslation,
  BucketId,
  IcmpError,
  PeerReach,
  RelayFailure,
  RelayId,
} from '../seam/relay.ts';
export type {
  FailureCount,
  RefusalCause,
  SessionEnd,
  SessionEvent,
  SessionId,
  SessionPrincipal,
} from '../seam/session-event.ts';
export type { Cidr } from '../stun/cidr.ts';
export { parseCidr } from '../stun/cidr.ts';
export type { IpAddress, IpFamily, TransportAddress } from '../stun/transport-address.ts';
export { lifetimes, type TurnLimits, type TurnServerOptions, type TurnServerSettings } from '../turn/options.ts';
export { TurnServer, type TurnServerStats } from '../turn/turn-server.ts';
