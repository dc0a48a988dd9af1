import type { FastifySchemaCompiler } from 'fastify';
import type { TProperties, TSchema } from 'typebox';
import { Compile } from 'typebox/compile';
import type { SchemaError } from '../lib/schema-error.ts';

/** An object of JSON Schema, as far as it matters here. */
interface ObjectSchema {
  readonly type?: unknown;
  readonly required?: readonly string[];
  readonly properties?: TProperties;
}

const decimal = /^-?(?:0|[1-9][0-9]{0,14})$/;

/**
 * Checks requests with TypeBox. Nothing is taken for what it is not: of a query, which is text, only
 * a whole number in decimal digits becomes the number that the schema asks for. A body that is not
 * there is one without fields, where none is needed.
 */
export const validatorCompiler: FastifySchemaCompiler<TSchema> = ({ schema, httpPart }) => {
  const compiled = Compile(schema);
  const read = httpPart === 'body' ? readBody : readText;
  return (given: unknown) => {
    const value = read(schema, given);
    const broken = findBrokenText(value);
    if (broken !== undefined) return { error: [broken] as never };
    return compiled.Check(value) ? { value } : { error: compiled.Errors(value) as never };
  };
};

/**
 * Text with half a surrogate pair is none (RFC 8259, section 8.2): whoever stores or shows it makes
 * something else of it. Looked for level by level, since nothing bounds how deep a body is nested.
 */
function findBrokenText(value: unknown): SchemaError | undefined {
  let level: [path: string, value: unknown][] = [['', value]];
  while (level.length > 0) {
    const next: typeof level = [];
    for (const [path, one] of level) {
      if (typeof one === 'string' && !one.isWellFormed()) return brokenText(path);
      if (typeof one !== 'object' || one === null) continue;
      for (const [name, member] of Object.entries(one)) {
        if (!name.isWellFormed()) return brokenText(path);
        next.push([depthOf(path) < 3 ? `${path}/${name}` : path, member]);
      }
    }
    level = next;
  }
  return undefined;
}

function brokenText(instancePath: string): SchemaError {
  return { keyword: 'text', instancePath, params: {}, message: 'holds half a surrogate pair' };
}

function depthOf(path: string): number {
  return path.split('/').length - 1;
}

function readBody({ type, required = [] }: ObjectSchema, body: unknown): unknown {
  return body === undefined && type === 'object' && required.length === 0 ? {} : body;
}

function readText({ properties = {} }: ObjectSchema, given: unknown): unknown {
  if (typeof given !== 'object' || given === null) return given;
  const fields = Object.entries(given).map(([name, text]) => {
    const schema = Object.hasOwn(properties, name) ? (properties[name] as ObjectSchema) : {};
    const isNumber = schema.type === 'integer' && typeof text === 'string' && decimal.test(text);
    return [name, isNumber ? Number(text) : text];
  });
  return Object.fromEntries(fields);
}
