import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { generatedFiles } from '../../scripts/generate.ts';

const root = join(import.meta.dirname, '../..');

test('the files generated from schemas are fresh (else: npm run generate)', async () => {
  const files = await generatedFiles();
  expect([...files.keys()]).toEqual([
    'config/turnpike.schema.json',
    'config/turnpike.example.yaml',
    'server/contract/admin/openapi.json',
  ]);
  for (const [file, text] of files) expect(readFileSync(join(root, file), 'utf8')).toBe(text);
});
