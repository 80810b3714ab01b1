import { checkCertificate, checkDatabase, checkDataDir, checkMasterKey } from './data-checks.ts';
import type { Finding } from './finding.ts';
import { checkClock, checkDescriptors, checkRunning, checkSocketBuffers } from './host-checks.ts';
import type { HostFacts } from './host-facts.ts';
import { checkAddresses, checkPorts, checkPublicName, checkRelayPorts } from './network-checks.ts';

const checks: readonly ((facts: HostFacts) => Finding[])[] = [
  checkRunning,
  checkPorts,
  checkRelayPorts,
  checkAddresses,
  checkPublicName,
  checkCertificate,
  checkClock,
  checkDescriptors,
  checkSocketBuffers,
  checkDataDir,
  checkDatabase,
  checkMasterKey,
];

/** Judges a host: at least one finding of each check. Pure. */
export function examine(facts: HostFacts): readonly Finding[] {
  return checks.flatMap((check) => check(facts));
}
