import { malformed, parsed, type Parsed } from './refusal.ts';
import type { SchemaNode } from './schema.ts';

/** JSON for a list or an object. A bracketed IPv6 address (`[2001:db8::1]:3478`) is not. */
const jsonStart = /^\s*(?:\[\s*(?:["{\]]|$)|\{)/;

/**
 * Reads what a flag or an environment variable says. Lists are JSON, or take commas, or several texts; an element with
 * several members is written `name:password`. Text that is not of the schema's kind is returned as it is: validation names it.
 */
export function valueOfTexts(texts: readonly string[], schema: SchemaNode): Parsed<unknown> {
  const forms = schema.anyOf ?? [schema];
  const list = forms.find((form) => form.type === 'array');
  const last = texts.at(-1) ?? '';
  const isList = texts.length > 1 || last.includes(',') || jsonStart.test(last);
  if (list !== undefined && (forms.length === 1 || isList)) return listOfTexts(texts, list.items ?? {});
  if (last === 'null' && forms.some((form) => form.type === 'null')) return parsed(null);
  return parsed(scalarOfText(last, schema));
}

function scalarOfText(text: string, schema: SchemaNode): unknown {
  if (schema.type === 'boolean' && (text === 'true' || text === 'false')) return text === 'true';
  if (schema.type === 'integer' && /^-?[0-9]{1,15}$/.test(text)) return Number(text);
  return text;
}

function listOfTexts(texts: readonly string[], items: SchemaNode): Parsed<unknown[]> {
  const elements: unknown[] = [];
  for (const text of texts) {
    if (jsonStart.test(text)) {
      const json = parseJson(text);
      if (json === undefined) return malformed('starts like JSON but is not. Check quotes, commas and brackets.');
      elements.push(...(Array.isArray(json) ? (json as unknown[]) : [json]));
    } else if (text.trim() !== '') {
      elements.push(...text.split(',').map((element) => elementOfText(element.trim(), items)));
    }
  }
  return parsed(elements);
}

function elementOfText(text: string, items: SchemaNode): unknown {
  const names = Object.keys(items.properties ?? {});
  const [first, second] = names;
  const colon = text.indexOf(':');
  if (first === undefined || second === undefined || colon === -1) return text;
  return { [first]: text.slice(0, colon), [second]: text.slice(colon + 1) };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
