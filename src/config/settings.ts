import type { TSchema } from 'typebox';
import { configSchema } from './schema.ts';

/** One setting: a leaf of the schema. */
export interface Setting {
  readonly path: readonly string[];
  /** The environment variable that sets it. */
  readonly variable: string;
  readonly schema: TSchema & LeafSchema;
}
interface LeafSchema {
  readonly type?: string;
  readonly enum?: readonly string[];
  readonly default?: unknown;
  readonly description?: string;
  readonly writeOnly?: boolean;
}

/** All settings, in the schema's order. */
export const settings: readonly Setting[] = listSettings(configSchema, []);
function listSettings(schema: TSchema, path: readonly string[]): Setting[] {
  const { properties, whole } = schema as {
    properties?: Record<string, TSchema>;
    /** Set for a section that counts as one setting. */
    whole?: boolean;
  };
  if (properties === undefined || whole === true) {
    return [{ path, variable: `POSTERN_${path.join('_').toUpperCase()}`, schema }];
  }
  return Object.entries(properties).flatMap(([name, child]) =>
    listSettings(child, [...path, name]),
  );
}
