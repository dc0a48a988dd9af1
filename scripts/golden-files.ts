import type { BundleOptions } from '../src/proxies/nginx/bundle-options.ts';
import { type ConfigBundle, flavours, renderBundle } from '../src/proxies/nginx/render.ts';

/**
 * Renders the golden files: flavours that are not shipped, and a configuration that uses more of
 * nginx.
 */
export function renderGoldenFiles(defaults: BundleOptions): ConfigBundle {
  const files = new Map<string, string>();
  const add = (directory: string, kit: ConfigBundle) => {
    for (const [path, text] of kit) files.set(`${directory}/${path}`, text);
  };
  for (const flavour of ['swag-keepalive', 'nginx-proxy-manager', 'ingress-nginx'] as const) {
    add(
      flavour,
      renderBundle(flavour, { ...defaults, gate: flavours[flavour].gate(defaults.gate) }),
    );
  }
  const more: BundleOptions = {
    gate: { kind: 'unix', path: '/run/postern/gate.sock' },
    gates: ['chat'],
    sources: [...defaults.sources, 'api_key'],
    queryNames: [...defaults.queryNames, 'access_token'],
    queryNamesByGate: new Map(),
    headers: [...defaults.headers, 'X-Kiosk-Key'],
    cache: { path: undefined, ttl: 30_000 },
  };
  add('plain-with-gates', renderBundle('plain', more));
  add('swag-with-gates', renderBundle('swag', more));
  return files;
}
