import type { FastifySchemaCompiler } from 'fastify';
import type { TProperties, TSchema } from 'typebox';
import { Compile } from 'typebox/compile';
import type { SchemaError } from '../lib/schema-error.ts';

/** The parts of a JSON Schema object that are used here. */
interface ObjectSchema {
  readonly type?: unknown;
  readonly required?: readonly string[];
  readonly properties?: TProperties;
}

const wholeNumber = /^-?(?:0|[1-9][0-9]{0,14})$/;

/**
 * Validates requests with TypeBox. No coercion, except that a decimal whole number in a query
 * becomes a number where the schema wants one. A missing body counts as `{}` where no field is
 * required.
 */
export const validatorCompiler: FastifySchemaCompiler<TSchema> = ({ schema, httpPart }) => {
  const compiled = Compile(schema);
  const coerce = httpPart === 'body' ? defaultBody : coerceNumbers;
  return (given: unknown) => {
    const value = coerce(schema, given);
    const error = findLoneSurrogate(value);
    if (error !== undefined) return { error: [error] as never };
    return compiled.Check(value) ? { value } : { error: compiled.Errors(value) as never };
  };
};

/**
 * Rejects text with a lone surrogate: it is no Unicode text (RFC 8259, section 8.2), and storing or
 * showing it would change it. The search is breadth first, without recursion, since the nesting
 * depth of a body is not bounded.
 */
function findLoneSurrogate(value: unknown): SchemaError | undefined {
  let level: [path: string, value: unknown][] = [['', value]];
  while (level.length > 0) {
    const next: typeof level = [];
    for (const [path, one] of level) {
      if (typeof one === 'string' && !one.isWellFormed()) return loneSurrogate(path);
      if (typeof one !== 'object' || one === null) continue;
      for (const [name, member] of Object.entries(one)) {
        if (!name.isWellFormed()) return loneSurrogate(path);
        next.push([depthOf(path) < 3 ? `${path}/${name}` : path, member]);
      }
    }
    level = next;
  }
  return undefined;
}

function loneSurrogate(instancePath: string): SchemaError {
  return { keyword: 'text', instancePath, params: {}, message: 'holds half a surrogate pair' };
}

function depthOf(path: string): number {
  return path.split('/').length - 1;
}

function defaultBody({ type, required = [] }: ObjectSchema, body: unknown): unknown {
  return body === undefined && type === 'object' && required.length === 0 ? {} : body;
}

function coerceNumbers({ properties = {} }: ObjectSchema, given: unknown): unknown {
  if (typeof given !== 'object' || given === null) return given;
  const fields = Object.entries(given).map(([name, text]) => {
    const schema = Object.hasOwn(properties, name) ? (properties[name] as ObjectSchema) : {};
    const isNumber =
      schema.type === 'integer' && typeof text === 'string' && wholeNumber.test(text);
    return [name, isNumber ? Number(text) : text];
  });
  return Object.fromEntries(fields);
}
