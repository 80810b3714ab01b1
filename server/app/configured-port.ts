import type { ConfiguredPort } from '../api/admin/ports.ts';
import type { ConfigKey } from '../contract/config.ts';
import type { StoredCredentials } from './stored-credentials.ts';

/** What of the credentials the configuration has, for the admin API. */
export function configuredPort(
  credentials: StoredCredentials,
  { realm, originOf }: { readonly realm: () => string; readonly originOf: (key: ConfigKey) => string },
): ConfiguredPort {
  return {
    realm,
    secrets: () => credentials.configuredSecretIds.map((id) => ({ id, origin: originOf('turn.secrets') })),
    userOrigin: (name) => (credentials.hasConfiguredUser(name) ? originOf('turn.users') : null),
    userKey: (name) => credentials.configuredUserKey(name),
    issuingSecretId: (appId) => credentials.issuingSecret(appId)?.id ?? null,
    secretValue: (id) => credentials.configuredSecretValue(id),
  };
}
