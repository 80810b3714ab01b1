// What `import ... from 'turnpike/testing'` gives.

export { createTestAppliance } from '../app/create-test-appliance.ts';
export type { CreateApplianceOptions } from '../app/appliance-options.ts';
export type { EmbeddedAppliance } from '../app/embedded-appliance.ts';
