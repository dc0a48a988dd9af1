import type { BundleOptions } from './bundle-options.ts';
import { type ConfigBundle, flavours, renderBundle } from './render.ts';

/** Ending that SWAG gives to files that are to be renamed, not read. */
const sample = '.sample';

/** What the directory `nginx/` of this package holds: the files for a configuration that says nothing. */
export function renderShippedFiles(defaults: BundleOptions): ConfigBundle {
  const swagOptions: BundleOptions = {
    ...defaults,
    gate: flavours.swag.gate(defaults.gate),
  };
  const files = new Map(renderBundle('plain', defaults));
  for (const [path, text] of renderBundle('swag', swagOptions)) {
    files.set(`swag/${path.endsWith(sample) ? path : `${path}${sample}`}`, text);
  }
  return files;
}
