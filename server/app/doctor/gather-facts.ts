import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { networkInterfaces } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import type { LoadWithStored } from '../../config/load.ts';
import type { ResolvedConfig } from '../../config/resolved-config.ts';
import type { HealthReply } from '../../contract/control.ts';
import { formatIp } from '../../stun/ip-text.ts';
import { interfaceAddresses, isPublic, planTranslations } from '../address-plan.ts';
import { callControl, controlAnswers } from '../control-client.ts';
import { descriptorLimit } from '../descriptors.ts';
import { reasonOf } from '../errors.ts';
import { isLoopbackText } from './loopback.ts';
import { findPublicAddress } from '../public-address.ts';
import {
  certificateFact,
  databaseFact,
  directoryFact,
  lookAtDatabase,
  masterKeyFact,
  type Look,
} from './data-facts.ts';
import type { CertificateFact, HostFacts, NameFact } from './host-facts.ts';
import { portFacts } from './port-facts.ts';
import { systemFacts } from './system-facts.ts';

const resolverTimeoutMs = 2_000;

/**
 * Finds out about this host what `examine` judges, within seconds; nothing is changed.
 * @param load reads the configuration; what the database holds is put below it
 * @throws ConfigError
 */
export async function gatherFacts(dataDir: string, load: LoadWithStored): Promise<HostFacts> {
  const look = lookAtDatabase(dataDir);
  const config = configInForce(load, look);
  const running = await health(dataDir);
  const interfaces = interfaceAddresses(networkInterfaces());
  const { publicAddress, relayAddress } = config.turn;
  const found = await findPublicAddress({ publicAddress, relayAddress, interfaces });
  const translations = planTranslations({ interfaces, publicAddress: found.publicAddress, relayAddress });
  const certificate = await certificateFact(config);
  return {
    nowMs: Date.now(),
    config,
    ...(await systemFacts()),
    ports: await portFacts(config, running),
    descriptorLimit: descriptorLimit(),
    addresses: interfaces
      .map((ip) => ({ text: formatIp(ip), isPublic: isPublic(ip) }))
      .filter(({ text }) => !isLoopbackText(text)),
    publicAddresses: translations.map((pair) => formatIp(pair.public)),
    publicAddressWarnings: found.warnings,
    publicName: await publicNameFact(config, certificate),
    certificate,
    dataDir: directoryFact(dataDir),
    userId: process.getuid?.() ?? null,
    database: databaseFact(dataDir, look),
    masterKey: masterKeyFact(config, look),
    running,
  };
}

/** The configuration with what is set in the database, as far as that can be read. */
export function configInForce(load: LoadWithStored, look: Look): ResolvedConfig {
  return load(look === null || 'failure' in look ? new Map() : look.settings).resolved;
}

async function health(dataDir: string): Promise<HealthReply | null> {
  if (!(await controlAnswers(dataDir))) return null;
  return (await callControl(dataDir, { command: 'health' })) as HealthReply;
}

async function publicNameFact(
  { publicHost }: ResolvedConfig,
  certificate: CertificateFact | null,
): Promise<NameFact | null> {
  const certified =
    certificate?.kind === 'usable' ? certificate.names.find((name) => !name.startsWith('*')) : undefined;
  const name = publicHost ?? certified;
  if (name === undefined || isIP(name) !== 0) return null;
  try {
    const late = delay(resolverTimeoutMs, null, { ref: false });
    const answers = await Promise.race([lookup(name, { all: true }), late]);
    if (answers === null) return { name, addresses: [], failure: `no answer within ${resolverTimeoutMs / 1000} s` };
    return { name, addresses: answers.map(({ address }) => address), failure: null };
  } catch (error) {
    return { name, addresses: [], failure: reasonOf(error) };
  }
}
