import type { TSchema } from 'typebox';
import type { Problem } from './config-error.ts';
import { isMap } from './raw-values.ts';
import { configSchema } from './schema.ts';

interface NonEmptySchema {
  readonly minItems?: number;
  readonly minProperties?: number;
  readonly properties?: Record<string, TSchema>;
  readonly patternProperties?: Record<string, TSchema>;
}

/**
 * Reports empty settings where the schema requires an item: `groups: []`, `groups:` with all items commented
 * out, `gates: {}`. Treated as "not set", they would let everybody in.
 */
export function emptyProblems(
  given: unknown,
  where: (path: readonly string[]) => string,
): Problem[] {
  return emptyPaths(given, configSchema, []).map((path) => ({
    where: where(path),
    path: path.join('.'),
    message: 'is empty: add at least one item, or omit the setting',
  }));
}

function emptyPaths(
  value: unknown,
  schema: TSchema,
  path: readonly string[],
): (readonly string[])[] {
  const {
    minItems = 0,
    minProperties = 0,
    properties,
    patternProperties,
  } = schema as NonEmptySchema;
  if (minItems > 0 || minProperties > 0) {
    if (value === null || (typeof value === 'object' && Object.keys(value).length === 0))
      return [path];
  }
  if (!isMap(value)) return [];
  const [inMap] = Object.values(patternProperties ?? {});
  return Object.entries(value).flatMap(([name, inner]) => {
    const known = Object.hasOwn(properties ?? {}, name) ? properties?.[name] : inMap;
    return known === undefined ? [] : emptyPaths(inner, known, [...path, name]);
  });
}
