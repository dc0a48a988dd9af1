import type { TSchema } from 'typebox';
import { mask } from '../lib/mask.ts';

/**
 * Masks secrets inside a value: properties that the schema marks as secret (`writeOnly`), and those that are
 * not in the schema.
 */
export function hideSecrets(value: unknown, schema: TSchema): unknown {
  const { properties, patternProperties } = schema as {
    properties?: Record<string, TSchema>;
    patternProperties?: Record<string, TSchema>;
  };
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  const [inMap] = Object.values(patternProperties ?? {});
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => {
      const below = properties?.[name] ?? inMap;
      const isHidden = below === undefined || (below as { writeOnly?: boolean }).writeOnly === true;
      return [name, isHidden ? mask : hideSecrets(inner, below)];
    }),
  );
}
