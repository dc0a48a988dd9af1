import { configSchema } from '../src/config/schema.ts';
import { sectionAliases } from '../src/config/section-aliases.ts';

/** Where the JSON Schema of `postern.yaml` is, for editors. */
export const configSchemaFile = 'schema/postern.schema.json';

/** Keywords of ours that JSON Schema does not have. */
const ownKeywords = ['whole'];

/** The JSON Schema (draft 7, which editors know best) of `postern.yaml`. */
export function renderConfigSchema(): string {
  const aliases = Object.fromEntries(
    [...sectionAliases].map(([alias, name]) => {
      const section: object = configSchema.properties[name as keyof typeof configSchema.properties];
      return [alias, { description: `Another name of \`${name}\`.`, ...section }];
    }),
  );
  const schema = {
    $schema: 'http://json-schema.org/draft-07/schema#',
    $comment: 'Generated from src/config by npm run generate.',
    ...configSchema,
    properties: { ...configSchema.properties, ...aliases },
  };
  const leaveOut = (key: string, value: unknown) => {
    return ownKeywords.includes(key) && typeof value === 'boolean' ? undefined : value;
  };
  return `${JSON.stringify(schema, leaveOut, 2)}\n`;
}
