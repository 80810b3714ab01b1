// Each line below a comment must not compile: the declarations say no. It is compiled, never run.
import { createAppliance } from 'turnpike';
import { createTestAppliance } from 'turnpike/testing';

export async function mistakes(): Promise<void> {
  // @ts-expect-error: a key that is misspelt
  createAppliance({ turn: { relm: 'example.org' } });
  // @ts-expect-error: a value of another kind
  createAppliance({ turn: { relayPorts: 49_152 } });
  // @ts-expect-error: the log is the program's own
  createAppliance({ log: { level: 'debug' } });
  const appliance = await createTestAppliance();
  // @ts-expect-error: the payload of another event
  appliance.on('sessionStarted', ({ cause }) => console.log(cause));
  // @ts-expect-error: the addresses are null while it does not serve
  const listeners = appliance.addresses.listeners;
  console.log(listeners);
  // @ts-expect-error: seconds, by their name
  appliance.issueIceServers({ ttlMs: 1000 });
}
