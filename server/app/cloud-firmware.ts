import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A cloud that tells its machines which public address they have. */
export type Cloud = 'aws' | 'gcp' | 'azure';

/** Where Linux shows what the firmware says of the machine (SMBIOS, "DMI"). Containers see it as well. */
export const linuxFirmware = '/sys/class/dmi/id';

/** The asset tag that the chassis of every Azure machine bears. */
const azureAssetTag = '7783-7084-3265-9085-8269-3286-77';

/**
 * The cloud that the firmware names, by the fields that each documents or that cloud-init and systemd go by, and that
 * every user may read. Null where the directory is missing or says anything else: nobody is asked on a guess.
 * @param directory `linuxFirmware`, or one like it
 */
export function cloudOfFirmware(directory: string): Cloud | null {
  const field = (name: string): string => readField(join(directory, name));
  const vendor = field('sys_vendor');
  if (vendor === 'Amazon EC2' || field('bios_vendor') === 'Amazon EC2') return 'aws';
  // Machines of the Xen generations: their versions are those of Xen, e.g. "4.11.amazon".
  const versions = ['product_version', 'bios_version'];
  if (vendor === 'Xen' && versions.some((name) => /^[0-9.]+\.amazon$/.test(field(name)))) return 'aws';
  if (field('product_name') === 'Google Compute Engine') return 'gcp';
  if (field('chassis_asset_tag') === azureAssetTag) return 'azure';
  return null;
}

function readField(file: string): string {
  try {
    return readFileSync(file, 'latin1').trim();
  } catch {
    // Not there, or not for us to read: then it names no cloud.
    return '';
  }
}
