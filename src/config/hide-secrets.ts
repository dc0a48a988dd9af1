import type { TSchema } from 'typebox';
import { mask } from '../lib/mask.ts';

/**
 * A value as it may be shown: what lies inside it and is marked as a secret by the schema
 * (`writeOnly`), or is not in the schema at all, is masked.
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
