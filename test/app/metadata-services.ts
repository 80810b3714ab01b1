import { onTestFinished } from 'vitest';
import { openMetadataService, type MetadataBehaviour, type OpenMetadataService } from '../support/metadata-service.ts';

/** A metadata service on loopback that is closed when the test ends. */
export async function serveMetadata(behaviour: MetadataBehaviour): Promise<OpenMetadataService> {
  const service = await openMetadataService(behaviour, '127.0.0.1', 0);
  onTestFinished(() => {
    service.server.close();
    service.server.closeAllConnections();
  });
  return service;
}
