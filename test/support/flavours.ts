import type { TestContext } from 'node:test';
import type { ListenAddress } from '../../src/config/listen-address.ts';
import type { KitOptions } from '../../src/nginx/kit-options.ts';
import type { GuardedSite } from './nginx.ts';
import { startSite } from './nginx.ts';
import { startSwag } from './swag.ts';

/** A site with a protected location `/`, whatever nginx it is. */
export type FlavourSite = Pick<GuardedSite, 'nginx' | 'backend' | 'url' | 'socketUrl'>;

interface FlavourSiteOptions {
  readonly gate: ListenAddress;
  readonly kit?: Partial<KitOptions>;
  /** Lines in the location before the include. */
  readonly location?: string;
  /** Lines of the server block. */
  readonly server?: string;
}

/** Starts a site of a flavour, with the proxy file that its users have. */
export type StartFlavour = (t: TestContext, options: FlavourSiteOptions) => Promise<FlavourSite>;

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
        http: 'include /config/nginx/site-confs/00-postern.conf;',
        server: `include /config/nginx/postern-server.conf; ${server}`,
        location: `${location} include /config/nginx/postern-location.conf;`,
      }),
  ],
];
