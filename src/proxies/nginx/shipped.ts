import type { KitOptions } from './bundle-options.ts';
import { flavours, type Kit, renderKit } from './render.ts';

/** Ending that SWAG gives to files that are to be renamed, not read. */
const sample = '.sample';

/** What the directory `nginx/` of this package holds: the files for a configuration that says nothing. */
export function renderShippedFiles(defaults: KitOptions): Kit {
  const swagOptions: KitOptions = {
    ...defaults,
    gate: flavours.swag.gate(defaults.gate),
  };
  const files = new Map(renderKit('plain', defaults));
  for (const [path, text] of renderKit('swag', swagOptions)) {
    files.set(`swag/${path.endsWith(sample) ? path : `${path}${sample}`}`, text);
  }
  return files;
}
