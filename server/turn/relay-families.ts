import type { Client } from '../seam/client.ts';
import { attribute, type Message } from '../stun/message.ts';
import { AttributeType, ErrorCode } from '../stun/registry.ts';
import type { IpAddress, IpFamily } from '../stun/transport-address.ts';
import { readAddressFamily } from '../stun/turn-attributes.ts';
import type { AddressPlanIndex } from './address-plan.ts';
import type { AddressError } from './allocation.ts';
import type { TurnServerOptions } from './options.ts';
import { reject, type Rejection } from './outcome.ts';
import type { PortRule } from './relay-ports.ts';

/** Where to open the relays of an allocation, one for each family. */
export interface ChosenFamilies {
  readonly kind: 'chosen';
  readonly localIps: readonly IpAddress[];
  /** A family that was asked for and is not served here. */
  readonly addressError: AddressError | null;
}

/** Which address families an Allocate gets (RFC 8656 section 7.2, steps 6 to 9). */
export function chooseFamilies(
  plan: AddressPlanIndex,
  defaultFamily: TurnServerOptions['defaultAddressFamily'],
  message: Message,
  client: Client,
  rule: PortRule,
): ChosenFamilies | Rejection {
  const requested = attribute(message, AttributeType.requestedAddressFamily);
  const additional = attribute(message, AttributeType.additionalAddressFamily);
  // Step 6: both attributes at once.
  if (requested !== undefined && additional !== undefined) return reject(ErrorCode.badRequest);
  // A client that called an address which has just gone from the plan: it may call again.
  if (client.transport === 'udp' && !plan.isListener(client.local.ip)) return reject(ErrorCode.serverError);
  const addressOf = (family: IpFamily): IpAddress | null => plan.relayAddress(client.local.ip, family);

  // Step 7: the one family that is asked for.
  if (requested !== undefined) {
    if (requested.length !== 4) return reject(ErrorCode.badRequest);
    const family = readAddressFamily(requested);
    return chosen([family === null ? null : addressOf(family)], null);
  }
  // Step 7 without REQUESTED-ADDRESS-FAMILY: IPv4, or what the operator chose. A host with one family serves that one to whoever names
  // none: a client that minds says so.
  if (additional === undefined) {
    const preferred = defaultFamily === 'client' ? client.remote.ip.family : 4;
    return chosen([addressOf(preferred) ?? addressOf(preferred === 4 ? 6 : 4)], null);
  }

  // Step 8: a pair of ports cannot be had in two families.
  if (rule === 'even-pair') return reject(ErrorCode.badRequest);
  // Step 9: ADDITIONAL-ADDRESS-FAMILY is for IPv6 beside IPv4; one of the two is better than none.
  if (readAddressFamily(additional) !== 6) return reject(ErrorCode.badRequest);
  const localIpv4 = addressOf(4);
  const localIpv6 = addressOf(6);
  if (localIpv4 !== null && localIpv6 !== null) return chosen([localIpv4, localIpv6], null);
  return chosen([localIpv4 ?? localIpv6], {
    family: localIpv4 === null ? 4 : 6,
    code: ErrorCode.addressFamilyNotSupported,
  });
}

function chosen(
  localIps: readonly (IpAddress | null)[],
  addressError: AddressError | null,
): ChosenFamilies | Rejection {
  const available = localIps.filter((ip) => ip !== null);
  if (available.length < localIps.length) return reject(ErrorCode.addressFamilyNotSupported);
  return { kind: 'chosen', localIps: available, addressError };
}
