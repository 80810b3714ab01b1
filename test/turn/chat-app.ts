import { plainApp, type AppCredentials, type Ban, type BanTarget } from '../../server/credentials/credential-set.ts';
import { TestClient, type TestClientSettings } from './test-client.ts';
import { defaultCredentials, TestMachine, type TestMachineSettings } from './test-machine.ts';

export const chatSecret = new TextEncoder().encode('the secret of an app called chat');
const chatKey = 'abcdefgh';

/** An app beside the default one, with one secret and one API key. */
export function chat(changes: Partial<AppCredentials> = {}): AppCredentials {
  const secrets = [{ id: 'of-chat', secret: chatSecret, state: 'active', acceptedUntilS: null }] as const;
  return { ...plainApp('chat', secrets), keyIds: [chatKey], ...changes };
}

/** The default app of the tests, changed. */
export function defaultApp(changes: Partial<AppCredentials> = {}): AppCredentials {
  return { ...plainApp('default', defaultCredentials.secrets), ...changes };
}

/** A machine that serves both apps. */
export function chatMachine(changes: Partial<AppCredentials> = {}, settings: TestMachineSettings = {}): TestMachine {
  return new TestMachine({ ...settings, credentials: { ...defaultCredentials, apps: [chat(changes)] } });
}

type Settings = Omit<TestClientSettings, 'username' | 'password'>;

/** A client with a credential of the app, for an hour or as long as is said. */
export function chatClient(
  machine: TestMachine,
  subject = 'carol',
  settings: Settings & { ttlS?: number } = {},
): TestClient {
  const { ttlS = 36_000, ...rest } = settings;
  return TestClient.withRestCredential(machine, `chat/${subject}`, ttlS, { ...rest, secret: chatSecret });
}

/** The same, of a credential that an API key issued. */
export function keyClient(machine: TestMachine, keyId = chatKey, settings: Settings = {}): TestClient {
  return TestClient.withRestCredential(machine, `chat.${keyId}/carol`, 36_000, { ...settings, secret: chatSecret });
}

export function ban(target: BanTarget, changes: Partial<Ban> = {}): Ban {
  return { id: 'a2345672', target, expiresAtS: null, ...changes };
}
