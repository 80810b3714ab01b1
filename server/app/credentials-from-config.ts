import { secretId, staticUser, type CredentialSet, type RestSecret } from '../credentials/credential-set.ts';

/** The credentials that a configuration names. */
export interface ConfiguredCredentials {
  readonly realm: string;
  readonly users: readonly { readonly name: string; readonly password: string }[];
  readonly secrets: readonly string[];
}

/** The secret that new credentials are issued with: the first active one. */
export function issuingSecret(set: CredentialSet): RestSecret {
  const active = set.secrets.find((secret) => secret.state === 'active');
  if (active === undefined) throw new Error('a credential set has at least one active secret');
  return active;
}

/**
 * Derives the keys of static users and names the secrets.
 * @param generatedSecret read only when the configuration has no secret
 */
export function credentialsFromConfig(configured: ConfiguredCredentials, generatedSecret: () => string): CredentialSet {
  const { realm, users } = configured;
  const secrets = configured.secrets.length === 0 ? [generatedSecret()] : configured.secrets;
  return {
    realm,
    users: users.map(({ name, password }) => staticUser(name, realm, password)),
    secrets: secrets.map(restSecret),
  };
}

function restSecret(text: string): RestSecret {
  const secret = new TextEncoder().encode(text);
  return { id: secretId(secret), secret, state: 'active', acceptedUntilS: null };
}
