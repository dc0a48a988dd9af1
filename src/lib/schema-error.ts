/** An error of a JSON Schema validator, in the form of Ajv. */
export interface SchemaError {
  readonly keyword: string;
  readonly instancePath: string;
  readonly params: object;
  readonly message?: string | undefined;
}

/** Describes the expected value in terms of what people write, not of the schema. */
export function explainSchemaError({ keyword, params, message }: SchemaError): string {
  if (keyword === 'pattern') {
    const pattern = String((params as { pattern: unknown }).pattern);
    const example = examples.find(({ part }) => pattern.includes(part));
    return example ? `must be ${example.says}` : `must match ${pattern}`;
  }
  if (keyword === 'enum') {
    const { allowedValues } = params as { allowedValues: unknown[] };
    return `must be one of ${allowedValues.join(', ')}`;
  }
  if (keyword === 'minProperties') return 'must have at least one of its fields';
  return message ?? 'is invalid';
}

/** Descriptions of patterns, recognised by a part of the pattern. */
const examples = [
  { part: '[smhd]|never', says: 'seconds, a duration such as 30s, 15m, 12h or 30d, or never' },
  { part: '[smhd]', says: 'a duration such as 30s, 15m, 12h or 30d' },
  {
    part: '\\u202e',
    says: 'one line of text, without control characters or other invisible characters, and without surrounding white space',
  },
  { part: '[a-z0-9_-]{0,63}', says: 'a gate name: lower case letters, digits, - and _' },
];
