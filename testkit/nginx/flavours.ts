import { parse } from 'yaml';
import type { ListenAddress } from '../../src/config/listen-address.ts';
import {
  type BundleOptions,
  defaultBundleOptions,
} from '../../src/proxies/nginx/bundle-options.ts';
import { renderBundle } from '../../src/proxies/nginx/render.ts';
import type { Scope } from '../scope.ts';
import { type GuardedSite, startSite } from './site.ts';
import { startSwag } from './swag.ts';

/** A site with a protected location `/`, whatever nginx it is. */
export type FlavourSite = Omit<GuardedSite, 'errorLog'>;

interface FlavourSiteOptions {
  readonly gate: ListenAddress;
  readonly kit?: Partial<BundleOptions>;
  /** Lines of the http block. */
  readonly http?: string;
  /** Lines in the location before the include. */
  readonly location?: string;
  /** Lines of the server block. */
  readonly server?: string;
}

/** Starts a site of a flavour, with the proxy file that its users have. */
export type StartFlavour = (t: Scope, options: FlavourSiteOptions) => Promise<FlavourSite>;

/** What Nginx Proxy Manager has around an Advanced box. */
const startManager: StartFlavour = (t, { gate, location = '', server = '', kit = {} }) => {
  const port = gate.kind === 'tcp' ? gate.port : 0;
  const named = { kind: 'tcp', host: 'postern', port } as const;
  const files = renderBundle('nginx-proxy-manager', {
    ...defaultBundleOptions,
    ...kit,
    gate: named,
  });
  const box = (files.get('advanced.conf') ?? '')
    .replace('location / {\n', `location / {\n${location}\n`)
    .replaceAll('/data/logs/', '/config/log/');
  return startSwag(t, {
    posternPort: port,
    files: new Map([['box.conf', box], ...files]),
    http: 'include /config/nginx/resolver.conf; include /config/nginx/http_top.conf;',
    server: `
      set $forward_scheme http;
      set $server "grist";
      set $port 8484;
      proxy_set_header Upgrade $http_upgrade;
      proxy_set_header Connection $http_connection;
      proxy_http_version 1.1;
      include /config/nginx/box.conf;
      ${server}`,
    locations: '',
  });
};

/** What ingress-nginx has around its snippets. */
const startIngress: StartFlavour = (t, { gate, location = '', server = '', kit = {} }) => {
  const port = gate.kind === 'tcp' ? gate.port : 0;
  const named = { kind: 'tcp', host: 'postern', port } as const;
  const files = renderBundle('ingress-nginx', { ...defaultBundleOptions, ...kit, gate: named });
  const annotations = parse(files.get('annotations.yaml') ?? '') as Record<string, string>;
  const snippet = (name: string) => annotations[`nginx.ingress.kubernetes.io/${name}`] ?? '';
  // Lines of one's own stand behind those that empty the two variables.
  const rules = snippet('configuration-snippet').replace(
    '\nauth_request',
    `\n${location}\nauth_request`,
  );
  return startSwag(t, {
    posternPort: port,
    files: new Map([
      ['server-snippet.conf', snippet('server-snippet')],
      ['configuration-snippet.conf', rules],
    ]),
    http: `
      include /config/nginx/resolver.conf;
      map $http_host $best_http_host { default $http_host; "" $host; }
      upstream upstream_balancer { server 127.0.0.1:8484; keepalive 8; }`,
    server: `include /config/nginx/server-snippet.conf; ${server}`,
    locations: `
      location / {
        proxy_set_header Host $best_http_host;
        proxy_set_header Upgrade $http_upgrade;
        proxy_set_header Connection $connection_upgrade;
        proxy_set_header X-Real-IP $remote_addr;
        proxy_set_header X-Forwarded-For $remote_addr;
        proxy_set_header X-Forwarded-Host $best_http_host;
        proxy_set_header X-Forwarded-Proto $scheme;
        proxy_set_header X-Original-Forwarded-For $http_x_forwarded_for;
        proxy_set_header Proxy "";
        proxy_read_timeout 86400s;
        proxy_http_version 1.1;
        include /config/nginx/configuration-snippet.conf;
        proxy_pass http://upstream_balancer;
      }`,
  });
};

/** The flavours that nginx can run as they are. */
export const flavourSites: readonly (readonly [name: string, start: StartFlavour])[] = [
  [
    'plain',
    (t, { location = '', ...options }) =>
      startSite(t, {
        ...options,
        locations: (backend, include) => `
          location / {
            ${location}
            ${include('postern-location.conf')} ${include('postern-proxy.conf')} ${backend}
          }`,
      }),
  ],
  [
    'swag',
    (t, { gate, location = '', server = '', kit = {} }) =>
      startSwag(t, {
        posternPort: gate.kind === 'tcp' ? gate.port : 0,
        kit,
        server: `include /config/nginx/postern-server.conf; ${server}`,
        location: `${location} include /config/nginx/postern-location.conf;`,
      }),
  ],
  [
    'swag-keepalive',
    (t, { gate, location = '', server = '', kit = {} }) => {
      const files = renderBundle('swag-keepalive', { ...defaultBundleOptions, ...kit, gate });
      // What nginx can do since 1.27.3 only: here the address is one already.
      const placed = [...files].map(
        ([path, text]) => [path, text.replace(/^(\s+server .*) resolve;$/m, '$1;')] as const,
      );
      return startSwag(t, {
        posternPort: 0,
        files: new Map(placed),
        server: `include /config/nginx/postern-server.conf; ${server}`,
        location: `${location} include /config/nginx/postern-location.conf;`,
      });
    },
  ],
  ['nginx-proxy-manager', startManager],
  ['ingress-nginx', startIngress],
];
