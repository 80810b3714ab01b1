import type { TurnListener } from '../config/resolved-config.ts';
import type { BoundListener } from './relay-messages.ts';

/** The same listeners, each that asked for any port now asking for the one it was given. */
export function withBoundPorts(requests: readonly TurnListener[], bound: readonly BoundListener[]): TurnListener[] {
  return requests.map((request, index) => {
    const given = bound.find((listener) => listener.request === index);
    return given === undefined ? request : { ...request, port: given.address.port };
  });
}

/** Listeners that are to take the place of others: each that asks for any port stays on the one of its like, in their order. */
export function withKeptPorts(requests: readonly TurnListener[], before: readonly TurnListener[]): TurnListener[] {
  const left = [...before];
  return requests.map((request) => {
    if (request.port !== 0) return request;
    const at = left.findIndex((each) => each.transport === request.transport && sameHost(each.host, request.host));
    const [kept] = at === -1 ? [] : left.splice(at, 1);
    return kept === undefined ? request : { ...request, port: kept.port };
  });
}

function sameHost(a: TurnListener['host'], b: TurnListener['host']): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
