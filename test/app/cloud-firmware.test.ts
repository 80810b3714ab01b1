import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { cloudOfFirmware } from '../../server/app/cloud-firmware.ts';
import { tempDir } from '../support/temp-dir.ts';

const azureTag = '7783-7084-3265-9085-8269-3286-77';

test.each([
  ['AWS Nitro', { sys_vendor: 'Amazon EC2', product_name: 'c7g.large', board_asset_tag: 'i-0af01c0123456789a' }, 'aws'],
  ['AWS bare metal, by its BIOS', { sys_vendor: 'Amazon', bios_vendor: 'Amazon EC2' }, 'aws'],
  ['AWS Xen, by its product', { sys_vendor: 'Xen', product_name: 'HVM domU', product_version: '4.11.amazon' }, 'aws'],
  ['AWS Xen, by its BIOS', { sys_vendor: 'Xen', bios_vendor: 'Xen', bios_version: '4.2.amazon' }, 'aws'],
  ['somebody else with Xen', { sys_vendor: 'Xen', product_name: 'HVM domU', product_version: '4.11.4' }, null],
  ['GCP', { sys_vendor: 'Google', product_name: 'Google Compute Engine', bios_vendor: 'Google' }, 'gcp'],
  ['a Chromebook', { sys_vendor: 'Google', product_name: 'Eve', bios_vendor: 'coreboot' }, null],
  [
    'Azure',
    { sys_vendor: 'Microsoft Corporation', product_name: 'Virtual Machine', chassis_asset_tag: azureTag },
    'azure',
  ],
  [
    'Hyper-V',
    { sys_vendor: 'Microsoft Corporation', product_name: 'Virtual Machine', chassis_asset_tag: 'None' },
    null,
  ],
  ['QEMU', { sys_vendor: 'QEMU', product_name: 'Standard PC (Q35 + ICH9, 2009)' }, null],
  ['a name inside a longer one', { sys_vendor: 'Not Amazon EC2', product_name: 'Google Compute Engine 2' }, null],
  ['empty fields', { sys_vendor: '', product_name: '', chassis_asset_tag: '' }, null],
  ['bytes that are no text', { sys_vendor: '\xff\xfe\0Amazon EC2', product_name: '\0'.repeat(10_000) }, null],
])('%s', (_machine, fields, expected) => {
  const directory = tempDir();
  // The kernel ends each with a line break.
  for (const [name, value] of Object.entries(fields)) writeFileSync(join(directory, name), `${value}\n`, 'latin1');
  expect(cloudOfFirmware(directory)).toBe(expected);
});

test('a directory that is missing names no cloud', () => {
  expect(cloudOfFirmware(join(tempDir(), 'id'))).toBeNull();
});

test('a field that cannot be read counts as missing, and the others are read', () => {
  const directory = tempDir();
  mkdirSync(join(directory, 'sys_vendor'));
  writeFileSync(join(directory, 'product_name'), 'Google Compute Engine\n');
  expect(cloudOfFirmware(directory)).toBe('gcp');
});
