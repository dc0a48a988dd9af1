import type { KitOptions } from '../src/proxies/nginx/bundle-options.ts';
import { flavours, type Kit, renderKit } from '../src/proxies/nginx/render.ts';

/** The files of each flavour that is not shipped, and of one configuration that needs more of nginx. */
export function renderGoldenFiles(defaults: KitOptions): Kit {
  const files = new Map<string, string>();
  const add = (directory: string, kit: Kit) => {
    for (const [path, text] of kit) files.set(`${directory}/${path}`, text);
  };
  for (const flavour of ['swag-keepalive', 'nginx-proxy-manager', 'ingress-nginx'] as const) {
    add(flavour, renderKit(flavour, { ...defaults, gate: flavours[flavour].gate(defaults.gate) }));
  }
  const more: KitOptions = {
    gate: { kind: 'unix', path: '/run/postern/gate.sock' },
    gates: ['chat'],
    queryNames: [...defaults.queryNames, 'access_token'],
    headers: [...defaults.headers, 'X-Api-Key'],
    cache: { path: undefined, ttl: 30_000 },
  };
  add('plain-with-gates', renderKit('plain', more));
  add('swag-with-gates', renderKit('swag', more));
  return files;
}
