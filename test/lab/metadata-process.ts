/**
 * The metadata service of a cloud, as a process for a network of its own: writes a line of JSON for every request.
 * Arguments: the cloud, or `silent` for one that never answers; then what it knows of the machine, as JSON.
 */
import { documentedBehaviour, openMetadataService, type Machine } from '../support/metadata-service.ts';
import { metadataIp } from './lab-addresses.ts';
import { report } from './report.ts';

const [cloud, machine = '{}'] = process.argv.slice(2) as [keyof typeof documentedBehaviour | 'silent', string?];
const behaviour =
  cloud === 'silent' ? () => 'silence' as const : documentedBehaviour[cloud](JSON.parse(machine) as Machine);
await openMetadataService(behaviour, metadataIp, 80, (request) => report({ event: 'asked', request }));
report({ event: 'listening' });
