import type { HostFacts } from '../../../server/app/doctor/host-facts.ts';
import { loadOptions } from '../../../server/config/load.ts';

/** When the host of these facts is looked at. */
export const nowMs = Date.UTC(2027, 0, 31, 12);

/** A host with which all is well, but for what differs. */
export function factsWith(differences: Partial<HostFacts> = {}): HostFacts {
  return {
    nowMs,
    config: loadOptions({ dataDir: '/srv/turnpike', turn: { publicAddress: 'none' } }, '/').resolved,
    ports: [{ key: 'turn.listen', url: 'udp://*:3478', state: 'free' }],
    ephemeralPorts: { first: 32_768, last: 49_151 },
    reservedPorts: [],
    clock: 'synchronised',
    descriptorLimit: 65_536,
    socketBuffers: { receiveBytes: 4_194_304, sendBytes: 4_194_304 },
    addresses: [{ text: '192.0.2.1', isPublic: true }],
    publicAddresses: [],
    publicAddressWarnings: [],
    publicName: null,
    certificate: {
      kind: 'usable',
      file: '/etc/turnpike/fullchain.pem',
      names: ['turn.example.org'],
      expiresAtMs: nowMs + 60 * 86_400_000,
      issuers: 1,
      isSelfSigned: false,
    },
    dataDir: { path: '/srv/turnpike', isThere: true, mode: 0o700, ownerId: 1000, freeBytes: 10_000_000_000 },
    userId: 1000,
    database: {
      kind: 'there',
      path: '/srv/turnpike/turnpike.db',
      bytes: 1_000_000,
      logBytes: 4_096,
      faults: [],
      isOutdated: false,
      writtenAtMs: nowMs - 1000,
    },
    masterKey: { source: '/srv/turnpike/master-key', isThere: true, isExposed: false, fits: true },
    running: null,
    ...differences,
  };
}
