import { nginxPrograms } from '../testkit/nginx/programs.ts';
import { openInherited } from './inherited/bench.ts';
import { openPaths } from './paths/bench.ts';
import { variantsThat } from './paths/places.ts';
import type { Property } from './property.ts';

const [oldest, mainline] = nginxPrograms;

/** All properties, by the option that chooses them. */
export const properties: Readonly<Record<string, Property>> = {
  paths: { open: () => openPaths() },
  // The same where locations name their gates.
  'named-paths': { open: () => openPaths({ variantNames: variantsThat('named') }) },
  inherited: { open: () => openInherited(oldest) },
  'inherited-mainline': { open: () => openInherited(mainline) },
};
