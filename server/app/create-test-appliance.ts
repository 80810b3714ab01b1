import type { CreateApplianceOptions } from './appliance-options.ts';
import { createAppliance } from './create-appliance.ts';
import type { EmbeddedAppliance } from './embedded-appliance.ts';

/**
 * A started appliance for tests: UDP and TCP on loopback at ports that are free, nothing on disk, no HTTP, and leave to relay
 * to loopback addresses, where the other end of a test is. Options that are given take the place of these. To be stopped by the test, or `await using`.
 * @throws ConfigError, EnvironmentError as `createAppliance` and `start` do
 */
export async function createTestAppliance(options: CreateApplianceOptions = {}): Promise<EmbeddedAppliance> {
  const turn = {
    listen: ['udp://127.0.0.1:0', 'tcp://127.0.0.1:0'],
    publicAddress: 'none',
    ...given(options.turn),
    peers: { allow: ['127.0.0.0/8', '::1/128'], ...given(options.turn?.peers) },
  };
  const appliance = createAppliance({ ...options, turn });
  await appliance.start();
  return appliance;
}

/** The options without those that are undefined: they count as omitted. */
function given<Options extends object>(options: Options | undefined): Partial<Options> {
  return Object.fromEntries(
    Object.entries(options ?? {}).filter(([, value]) => value !== undefined),
  ) as Partial<Options>;
}
