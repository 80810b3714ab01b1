import { nearest } from './nearest.ts';
import { configKeys, type SchemaNode } from './schema.ts';

/**
 * Why a name is no key, and which one was probably meant.
 * @param schema of the group that the name stands in
 * @param path of that group
 */
export function unknownKey(name: string, schema: SchemaNode, path: readonly string[]): string {
  const siblings = Object.keys(schema.properties ?? {});
  const prefix = path.length === 0 ? '' : `${path.join('.')}.`;
  const near = nearest(name, siblings);
  if (near !== undefined) return `is no key. Did you mean ${prefix}${near}?`;
  const elsewhere = configKeys.find(({ key }) => key.endsWith(`.${name}`));
  if (elsewhere !== undefined) return `is no key here. Did you mean ${elsewhere.key}?`;
  return `is no key. ${prefix === '' ? 'The keys are' : `Below ${path.join('.')} there are`} ${siblings.join(', ')}.`;
}
