import type { PublicAddress } from '../config/resolved-config.ts';
import { formatIp } from '../stun/ip-text.ts';
import { sameIp, type IpAddress } from '../stun/transport-address.ts';
import { lacksPublicIpv4, planTranslations } from './address-plan.ts';
import { cloudOfFirmware, linuxFirmware, type Cloud } from './cloud-firmware.ts';
import type { CloudAnswer, MetadataService } from './cloud-metadata.ts';

/** What the configuration and the host say. */
export interface PublicAddressInput {
  readonly publicAddress: PublicAddress;
  readonly relayAddress: 'auto' | readonly IpAddress[];
  readonly interfaces: readonly IpAddress[];
}

/** Who is asked where the interfaces do not tell. */
export interface PublicAddressSources extends MetadataService {
  /** The directory that `cloudOfFirmware` reads. */
  readonly firmware: string;
}

/** How this host is known from outside, for every part of the appliance alike. */
export interface FoundPublicAddress {
  readonly publicAddress: PublicAddress;
  /** What a cloud has told, for people; null when none was asked or it told nothing. */
  readonly origin: string | null;
  readonly warnings: readonly string[];
}

/** The address of the metadata service is the same in all three clouds. It answers within milliseconds when it is there. */
const hostSources: PublicAddressSources = {
  firmware: linuxFirmware,
  baseUrl: 'http://169.254.169.254',
  timeoutMs: 1000,
};

const cloudNames: Readonly<Record<Cloud, string>> = {
  aws: 'Amazon EC2',
  gcp: 'Google Compute Engine',
  azure: 'Microsoft Azure',
};

/**
 * Resolves `publicAddress: auto` (DESIGN.md section 5): with no public address on an interface, by the metadata of the
 * cloud that the firmware names. Anything else that is configured stays as it is, and nobody is asked.
 */
export async function findPublicAddress(
  input: PublicAddressInput,
  sources: PublicAddressSources = hostSources,
): Promise<FoundPublicAddress> {
  const unchanged = { publicAddress: input.publicAddress, origin: null, warnings: [] };
  if (input.publicAddress.kind !== 'auto' || !lacksPublicIpv4(input.interfaces)) return unchanged;
  const cloud = cloudOfFirmware(sources.firmware);
  if (cloud === null) return unchanged;
  const { askCloud } = await import('./cloud-metadata.ts');
  const answer = await askCloud(cloud, sources);
  const name = cloudNames[cloud];
  switch (answer.kind) {
    case 'address':
      return useAddress(answer, name, input);
    case 'no-address':
      return { ...unchanged, warnings: [`${name} says that this machine has no public IPv4 address.`] };
    case 'failed': {
      const warning = `the public address could not be found out: the metadata service of ${name} ${answer.reason}.`;
      return { ...unchanged, warnings: [warning] };
    }
  }
}

function useAddress(
  answer: Extract<CloudAnswer, { kind: 'address' }>,
  cloudName: string,
  input: PublicAddressInput,
): FoundPublicAddress {
  const { public: outside, local } = answer;
  if (local !== null && input.interfaces.some((ip) => sameIp(ip, local))) {
    return {
      publicAddress: { kind: 'pairs', pairs: [{ local, public: outside }] },
      origin: `${formatIp(outside)} for ${formatIp(local)}, says ${cloudName}`,
      warnings: warnOfRelayAddress(input.relayAddress, local, cloudName),
    };
  }
  // In a container with a network of its own the ports of an address here are published, if any are.
  const publicAddress: PublicAddress = { kind: 'addresses', addresses: [outside] };
  const [taken] = planTranslations({ ...input, publicAddress });
  if (taken === undefined) return { publicAddress: input.publicAddress, origin: null, warnings: [] };
  const meant =
    local === null ? 'a private address that it does not name' : `${formatIp(local)}, no address of this host`;
  return {
    publicAddress,
    origin: `${formatIp(outside)}, says ${cloudName}; taken for ${formatIp(taken.local)}`,
    warnings: [
      `${cloudName} says ${formatIp(outside)} for ${meant}. It is taken to stand for ${formatIp(taken.local)}: a container ` +
        'must publish the ports of turn.listen and turn.relayPorts under their own numbers. Set turn.publicAddress to say otherwise.',
    ],
  };
}

/** Relays elsewhere than on the primary interface have a public address that was not asked for, or none. */
function warnOfRelayAddress(
  relayAddress: PublicAddressInput['relayAddress'],
  local: IpAddress,
  cloudName: string,
): string[] {
  if (relayAddress === 'auto') return [];
  return relayAddress
    .filter((ip) => ip.family === 4 && !sameIp(ip, local))
    .map(
      (ip) =>
        `${cloudName} names the public address of ${formatIp(local)} alone, and relays are opened on turn.relayAddress ` +
        `${formatIp(ip)}. Set turn.publicAddress to a list of local=public pairs.`,
    );
}
