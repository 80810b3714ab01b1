import fc from 'fast-check';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { Value } from 'typebox/value';
import type { TSchema } from 'typebox';
import { loadConfig } from '../../server/config/load.ts';
import type { ConfigKey } from '../../server/contract/config.ts';
import { configKeys, type SchemaNode } from '../../server/config/schema.ts';
import { mismatches } from '../../server/config/validate.ts';
import { ConfigSchema } from '../../server/contract/config.ts';

const example = join(import.meta.dirname, '../../config/turnpike.example.yaml');

function schemaOf(key: string): TSchema {
  let schema = ConfigSchema as unknown as TSchema & { properties: Record<string, TSchema & { properties: never }> };
  for (const segment of key.split('.')) schema = schema.properties[segment] as unknown as typeof schema;
  return schema;
}

describe('every key', () => {
  test.each(configKeys.map((description) => [description.key, description.schema] as const))('%s', (_, schema) => {
    expect(schema.description).toMatch(/^[A-Za-z].*\.$/);
    expect(schema).toHaveProperty('default');
    expect(mismatches(schema.default, schema)).toEqual([]);
    for (const value of schema.examples ?? []) expect(mismatches(value, schema)).toEqual([]);
    if (schema.type === 'integer') expect(schema['x-unit']).toEqual(expect.any(String));
  });

  test('has a flag and a variable of its own', () => {
    const names = configKeys.flatMap(({ flag, environment }) => [flag, environment]);
    expect(new Set(names).size).toBe(names.length);
    expect(configKeys.find(({ key }) => key === 'turn.limits.allocationsPerUser')).toMatchObject({
      flag: 'turn-limits-allocations-per-user',
      environment: 'TURNPIKE_TURN_LIMITS_ALLOCATIONS_PER_USER',
    });
  });

  test('DESIGN.md section 5: the keys of this version', () => {
    expect(configKeys.map(({ key }) => key)).toEqual([
      'dataDir',
      'publicHost',
      'turn.realm',
      'turn.listen',
      'turn.publicAddress',
      'turn.relayAddress',
      'turn.relayPorts',
      'turn.engine',
      'turn.channelRange',
      'turn.defaultAddressFamily',
      'turn.users',
      'turn.secrets',
      'turn.strictExpiry',
      'turn.alternateServer',
      'turn.peers.allow',
      'turn.peers.deny',
      'turn.limits.allocationsPerUser',
      'turn.limits.allocationsPerAddress',
      'turn.limits.allocationsTotal',
      'turn.limits.permissionsPerAllocation',
      'turn.limits.channelsPerAllocation',
      'turn.limits.bitsPerSecondPerAllocation',
      'turn.limits.bitsPerSecondPerUser',
      'tls.certificate',
      'tls.key',
      'http.public',
      'http.admin',
      'http.metrics',
      'http.publicUrl',
      'http.adminUrl',
      'http.trustedProxies',
      'masterKey',
      'retention.minuteDays',
      'retention.hourDays',
      'retention.dayDays',
      'retention.auditDays',
      'log.level',
      'log.format',
      'drainSeconds',
    ]);
  });
});

test('the examples of keys are values that can be used, beside a certificate', async () => {
  const certificate = [
    ['tls.certificate', ['chain.pem']],
    ['tls.key', ['key.pem']],
  ] as const;
  for (const { key, schema } of configKeys) {
    for (const value of schema.examples ?? []) {
      const text = typeof value === 'string' ? value : JSON.stringify(value);
      const loading = loadConfig({
        flags: new Map<ConfigKey, readonly string[]>([...certificate, [key, [text]]]),
        environment: {},
        cwd: '/proc',
        configFile: undefined,
      });
      await expect(loading).resolves.toBeDefined();
    }
  }
});

test('the example file says every default', async () => {
  const cwd = '/proc';
  const none = await loadConfig({ flags: new Map(), environment: {}, cwd, configFile: undefined });
  const written = await loadConfig({ flags: new Map(), environment: {}, cwd, configFile: example });
  expect(written.config).toEqual(none.config);
  const fromFile = [...written.origins].filter(([, origin]) => origin.layer === 'file').map(([key]) => key);
  expect(fromFile).toEqual(configKeys.map(({ key }) => key));
});

test('our validation and TypeBox’s agree on any value', () => {
  const atoms = fc.oneof(
    fc.jsonValue({ maxDepth: 3 }),
    fc.constantFrom(
      'auto',
      'js',
      'none',
      'info',
      '',
      'x',
      null,
      0,
      -1,
      128,
      1.5,
      1e6 + 1,
      86_400,
      86_401,
      true,
      [],
      {},
    ),
    fc.array(fc.constantFrom('a', '', 1, null)),
    fc.array(
      fc.record({ name: fc.constantFrom('a', '', 1), password: fc.constantFrom('b', '') }, { requiredKeys: [] }),
    ),
    fc.array(fc.record({ name: fc.constant('a'), password: fc.constant('b'), more: fc.constant(1) })),
  );
  fc.assert(
    fc.property(
      fc.constantFrom(...configKeys),
      atoms,
      ({ key, schema }: { key: string; schema: SchemaNode }, value) => {
        expect(mismatches(value, schema).length === 0).toBe(Value.Check(schemaOf(key), value));
      },
    ),
    { numRuns: 2_000, seed: 5 },
  );
});
