import { openPaths } from './paths/bench.ts';
import type { Property } from './property.ts';

/** All properties, by the option that chooses them. */
export const properties: Readonly<Record<string, Property>> = {
  paths: { open: openPaths },
};
