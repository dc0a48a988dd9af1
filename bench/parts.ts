import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ListenAddress } from '../src/config/listen-address.ts';
import { defaultBundleOptions } from '../src/proxies/nginx/bundle-options.ts';
import { writeBundle } from '../src/proxies/nginx/config-bundle.ts';
import { renderBundle } from '../src/proxies/nginx/render.ts';
import { session } from './handshake.ts';

/** A way to protect a location, measured under load. */
export interface Part {
  /** Name on the command line. */
  readonly name: string;
  /** Description in the table. */
  readonly title: string;
  /**
   * Status of a handshake without a credential, `any` for all but 200; undefined where every
   * request passes.
   */
  readonly denial?: 401 | 403 | 'any';
  /** Headers of an admitted handshake, if it does not use a token of the store. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Settings of its Postern; undefined for none. */
  readonly service?: {
    readonly gate: 'tcp' | 'unix';
    /** Milliseconds that nginx may cache an answer; none by default. */
    readonly cacheTtl?: number;
    readonly env?: Readonly<Record<string, string>>;
  };
  /** The directives that protect the location. */
  readonly protect: (place: Place) => Protection;
}

/** Directories of a part. */
export interface Place {
  /** nginx's directory, with the shipped files. */
  readonly directory: string;
  /** A directory in memory for nginx's cache; default: the other one. */
  readonly memory?: string;
  readonly gate: ListenAddress;
}

/** Directives for the http block, the server block and the location. */
export interface Protection {
  readonly http?: string;
  readonly server: string;
  readonly location: string;
}

/** The shipped files, included as the README says. */
const shipped = (): Protection => ({
  server: 'include postern-server.conf;',
  location: 'include postern-location.conf;',
});

/** All parts, in the order of measurement. */
export const parts: readonly Part[] = [
  {
    name: 'none',
    title: 'no auth',
    protect: () => ({ server: '', location: '' }),
  },
  {
    name: 'file',
    title: "file test, the older recipe's if (!-f …)",
    denial: 403,
    protect: ({ directory }) => {
      writeFileSync(join(directory, session), '');
      return {
        server: '',
        location: `if (!-f ${directory}/$cookie_AUTH) { return 403; }`,
      };
    },
  },
  {
    name: 'tcp',
    title: 'Postern, TCP',
    denial: 401,
    service: { gate: 'tcp' },
    protect: shipped,
  },
  {
    name: 'tcp-quiet',
    title: 'Postern, TCP, log level warn',
    denial: 401,
    service: { gate: 'tcp', env: { POSTERN_LOG_LEVEL: 'warn' } },
    protect: shipped,
  },
  {
    name: 'unix',
    title: 'Postern, Unix socket',
    denial: 401,
    service: { gate: 'unix' },
    protect: shipped,
  },
  {
    name: 'cached',
    title: 'Postern, answers that nginx keeps',
    denial: 401,
    service: {
      gate: 'tcp',
      cacheTtl: 60_000,
      env: { POSTERN_DEFAULT_GATE_CACHE: '60s' },
    },
    protect: shipped,
  },
  {
    // Last: it leaves thousands of closed connections that the kernel keeps for a while.
    name: 'swag',
    title: "Postern, SWAG's way (a new connection each time)",
    denial: 401,
    service: { gate: 'tcp' },
    protect: ({ directory, gate }) => {
      writeSwagFiles(directory, gate);
      return {
        server: 'include swag/postern-server.conf;',
        location: 'include swag/postern-location.conf;',
      };
    },
  },
];

/** Writes SWAG's files for this machine: an IP address needs no resolver. */
function writeSwagFiles(directory: string, gate: ListenAddress): void {
  const kit = renderBundle('swag', { ...defaultBundleOptions, gate });
  const placed = [...kit].map(([path, text]) => {
    return [path, text.replaceAll('include /config/nginx/resolver.conf;', '')] as const;
  });
  writeBundle(join(directory, 'swag'), new Map(placed));
}
