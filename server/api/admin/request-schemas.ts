import type { TSchema } from 'typebox';
import { Compile } from 'typebox/compile';
import type { TLocalizedValidationError } from 'typebox/error';
import { Value } from 'typebox/value';
import type { FastifySchemaCompiler, FastifySerializerCompiler } from 'fastify';
import { RequestRefused } from '../request-failure.ts';

/** So many faults of a request are told at once. */
const toldFaults = 3;

/**
 * Checks requests against the schemas of their routes. A document is taken as it is, with defaults for what it omits; the texts of a
 * query and of a path become what their schemas say. Each schema is compiled when its route is first used: a start compiles none.
 */
export const validatorCompiler: FastifySchemaCompiler<TSchema> = ({ schema, httpPart }) => {
  let compiled: ReturnType<typeof Compile> | undefined;
  return (input: unknown) => {
    compiled ??= Compile(schema);
    const value = Value.Default(schema, httpPart === 'body' ? input : Value.Convert(schema, input));
    if (compiled.Check(value)) return { value };
    return { error: new RequestRefused('bad_request', faultsOf(compiled.Errors(value), httpPart ?? 'request')) };
  };
};

/** Writes answers: what the schema does not name stays inside, whatever a handler returned. */
export const serializerCompiler: FastifySerializerCompiler<TSchema> = ({ schema }) => {
  return (answer: unknown) => JSON.stringify(Value.Clean(schema, Value.Clone(answer)));
};

function faultsOf(errors: readonly TLocalizedValidationError[], part: string): string {
  const faults = errors.filter(({ keyword }) => keyword !== 'boolean').map((error) => faultOf(error, part));
  const told = [...new Set(faults)].slice(0, toldFaults);
  return told.join(' ');
}

function faultOf(error: TLocalizedValidationError, part: string): string {
  const where = `${part}${error.instancePath}`;
  if (error.keyword === 'additionalProperties') {
    return `${where} has unknown keys: ${error.params.additionalProperties.map((key) => JSON.stringify(key)).join(', ')}.`;
  }
  return `${where} ${error.message}.`;
}
