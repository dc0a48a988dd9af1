import type { TSchema } from 'typebox';
import { Settings } from 'typebox/system';
import { Value } from 'typebox/value';
import { explainSchemaError } from '../lib/schema-error.ts';
import type { Problem } from './config-error.ts';
import { configSchema } from './schema.ts';
import { suggest } from './suggest.ts';

// All problems are reported at once. By default, TypeBox stops after a few.
Settings.Set({ maxErrors: 500 });

/** Validates the settings against the schema. Returns one problem a setting. */
export function schemaProblems(
  raw: unknown,
  where: (path: readonly string[]) => string,
): Problem[] {
  const problems = new Map<string, Problem>();
  for (const error of Value.Errors(configSchema, raw)) {
    if (error.keyword === 'boolean') continue; // A duplicate of an unknown key.
    const path = error.instancePath.slice(1).split('/').filter(Boolean);
    if (error.keyword === 'required') {
      const { requiredProperties } = error.params as { requiredProperties: string[] };
      for (const key of requiredProperties) {
        const dotted = [...path, key].join('.');
        problems.set(dotted, {
          where: where([...path, key]),
          path: dotted,
          message: 'is required',
        });
      }
      continue;
    }
    if (error.keyword === 'additionalProperties') {
      const { additionalProperties } = error.params as { additionalProperties: string[] };
      const { properties = {}, patternProperties } = schemaAt(path) ?? {};
      const known = Object.keys(properties);
      for (const key of additionalProperties) {
        const dotted = [...path, key].join('.');
        const message =
          patternProperties === undefined
            ? `unknown setting${suggest(key, known)}`
            : 'a name has lower case letters, digits, - and _, and begins with a letter';
        problems.set(dotted, { where: where([...path, key]), path: dotted, message });
      }
      continue;
    }
    const dotted = path.filter((part) => !/^\d+$/.test(part)).join('.');
    if (!problems.has(dotted)) {
      problems.set(dotted, {
        where: where(dotted.split('.')),
        path: dotted,
        message: explainSchemaError(error),
      });
    }
  }
  return [...problems.values()];
}

type ObjectSchema = TSchema & {
  properties?: Record<string, TSchema>;
  patternProperties?: Record<string, TSchema>;
};

function schemaAt(path: readonly string[]): ObjectSchema | undefined {
  let schema: ObjectSchema | undefined = configSchema;
  for (const name of path) {
    const [inMap]: (TSchema | undefined)[] = Object.values(schema?.patternProperties ?? {});
    schema = schema?.properties?.[name] ?? inMap;
  }
  return schema;
}
