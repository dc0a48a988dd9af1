import type { BundleOptions } from './bundle-options.ts';
import { type ConfigBundle, flavours, renderBundle } from './render.ts';

/** Suffix of SWAG's sample files. */
const sample = '.sample';

/** The files in the package's `nginx/` directory: those of the default configuration. */
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
