// Writes the files that follow from the schemas of the configuration and of the admin API. `npm run generate`; a test fails while they are stale.
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import * as prettier from 'prettier';
import { stringify } from 'yaml';
import { ConfigSchema } from '../server/contract/config.ts';
import { wrapText } from '../server/cli/wrap-text.ts';
import type { SchemaNode } from '../server/config/schema.ts';
import { openApiDocument } from './openapi.ts';

const root = path.dirname(import.meta.dirname);
const schemaFile = 'config/turnpike.schema.json';
const exampleFile = 'config/turnpike.example.yaml';
const openApiFile = 'server/contract/admin/openapi.json';

/** Every generated file: its path in the repository and what it must hold. */
export async function generatedFiles(): Promise<Map<string, string>> {
  const schema = fileSchema();
  return new Map([
    [schemaFile, await formatted(schemaFile, JSON.stringify(schema, null, 2))],
    [exampleFile, await formatted(exampleFile, example(schema))],
    [openApiFile, await formatted(openApiFile, JSON.stringify(await openApiDocument(), null, 2))],
  ]);
}

async function formatted(file: string, text: string): Promise<string> {
  const options = await prettier.resolveConfig(path.join(root, file));
  return prettier.format(text, { ...options, filepath: file });
}

/** The schema of a file that may leave out any key; what an element of a list must have stays required. */
function fileSchema(): SchemaNode {
  const { $id, title, ...rest } = JSON.parse(JSON.stringify(ConfigSchema)) as SchemaNode & {
    $id: string;
    title: string;
  };
  const document = {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    $id,
    title,
    description: 'Generated from server/contract/config.ts by "npm run generate".',
    ...withoutRequired(rest),
  };
  return document;
}

function withoutRequired(schema: SchemaNode): SchemaNode {
  if (schema.properties === undefined) return schema;
  const { required: _, ...rest } = schema;
  const properties = Object.entries(schema.properties).map(([name, child]) => [name, withoutRequired(child)] as const);
  return { ...rest, properties: Object.fromEntries(properties) };
}

const exampleHeader = `# Turnpike configuration: every key with its default. Keep only what you change.
#
# This file is looked for at --config, TURNPIKE_CONFIG, ./turnpike.yaml and /etc/turnpike/turnpike.yaml; the first one found
# is used. Each key may also be given as a flag (--turn-realm), which wins, or in the environment (TURNPIKE_TURN_REALM; with
# _FILE appended it names a file that holds the value, for secrets). Lists: a flag is repeated or takes commas; the environment
# takes commas or JSON. "turnpike check-config" shows every value and where it comes from.
#
# Generated from server/contract/config.ts by "npm run generate".
# yaml-language-server: $schema=./turnpike.schema.json
`;

function example(schema: SchemaNode): string {
  return `${exampleHeader}\n${renderObject(schema, 0).join('\n')}\n`;
}

function renderObject(schema: SchemaNode, depth: number): string[] {
  return Object.entries(schema.properties ?? {}).flatMap(([name, child], index) => {
    const indent = '  '.repeat(depth);
    const gap = index === 0 ? [] : [''];
    const comments = commentLines(child, 118 - indent.length).map((line) => `${indent}# ${line}`);
    if (child.properties !== undefined) {
      return [...gap, ...comments, `${indent}${name}:`, ...renderObject(child, depth + 1)];
    }
    return [...gap, ...comments, `${indent}${name}: ${flow(child.default)}`];
  });
}

function commentLines(schema: SchemaNode, width: number): string[] {
  const lines = wrapText(schema.description ?? '', width);
  const unit = schema['x-unit'];
  if (unit !== undefined) lines.push(...wrapText(`Unit: ${unit}.`, width));
  if (schema.minimum !== undefined && schema.maximum !== undefined && unit === 'seconds') {
    lines.push(`From ${schema.minimum} to ${schema.maximum}.`);
  }
  if (schema.enum !== undefined) lines.push(`One of: ${schema.enum.join(', ')}.`);
  if (schema['x-expects'] !== undefined) lines.push(...wrapText(`Takes ${schema['x-expects']}.`, width));
  for (const value of schema.examples ?? []) lines.push(`Example: ${flow(value)}`);
  return lines;
}

function flow(value: unknown): string {
  return stringify(value, { collectionStyle: 'flow', lineWidth: 0 }).trim();
}

function readOrEmpty(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

if (import.meta.main) {
  for (const [file, text] of await generatedFiles()) {
    const absolute = path.join(root, file);
    const stale = readOrEmpty(absolute) !== text;
    if (stale) writeFileSync(absolute, text);
    console.log(`${stale ? 'wrote' : 'fresh'} ${file}`);
  }
}
