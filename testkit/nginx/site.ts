import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ListenAddress } from '../../src/config/listen-address.ts';
import type { DemoBackend } from '../../src/demo/backend.ts';
import {
  type BundleOptions,
  defaultBundleOptions,
} from '../../src/proxies/nginx/bundle-options.ts';
import { writeBundle } from '../../src/proxies/nginx/config-bundle.ts';
import type { NginxProcess } from '../../src/proxies/nginx/process.ts';
import { renderBundle } from '../../src/proxies/nginx/render.ts';
import { temporaryDirectory } from '../directory.ts';
import type { Scope } from '../scope.ts';
import { startTestBackend } from '../servers/backend.ts';
import type { Certificate } from '../tls/certificate.ts';
import { startTestNginx } from './nginx.ts';

/** A real nginx with the shipped files, in front of a real backend. */
export interface GuardedSite {
  readonly nginx: NginxProcess;
  readonly backend: DemoBackend;
  /** `http://127.0.0.1:port`, and the same for sockets; `https` where the site has a certificate. */
  readonly url: string;
  readonly socketUrl: string;
  accessLog(): string;
  errorLog(): string;
}

/** What stands where in the configuration of a GuardedSite. */
export interface SiteOptions {
  /** Where Postern listens. */
  readonly gate: ListenAddress;
  /** Path of another nginx than that of this machine (see nginx-programs.ts). */
  readonly program?: string;
  /** What the files are rendered for beside that. */
  readonly kit?: Partial<BundleOptions>;
  /** More files of the kit to include in the http block. */
  readonly kitHttp?: readonly string[];
  /** Lines of the http block, before the server. */
  readonly http?: string;
  /** Lines of the server block beside the include of postern-server.conf. */
  readonly server?: string;
  /** Replaces the protected location; `backend` is its proxy_pass line. */
  readonly locations?: (backend: string, include: (file: string) => string) => string;
  /** Serves over TLS, with this certificate. */
  readonly certificate?: Certificate;
  /** More server blocks; `listen` is the line that puts them on the same port. */
  readonly servers?: (listen: string) => string;
}

/** The login page of every GuardedSite. */
export const loginUrl = 'https://login.example.com/';

/** Starts both and stops them after the test. The protected location is `/`, its gate `chat`. */
export async function startSite(t: Scope, options: SiteOptions): Promise<GuardedSite> {
  const directory = temporaryDirectory(t);
  const backend = await startTestBackend(t);
  const kit = { ...defaultBundleOptions, ...options.kit, gate: options.gate };
  writeBundle(join(directory, 'postern'), renderBundle('plain', kit));
  const include = (file: string) => `include ${join(directory, 'postern', file)};`;
  const proxyPass = `proxy_pass http://127.0.0.1:${backend.port};`;
  const locations =
    options.locations?.(proxyPass, include) ?? protectedLocation(proxyPass, include);
  const { certificate, program } = options;
  const listen = (port: number) => `listen 127.0.0.1:${port}${certificate ? ' ssl' : ''};`;
  const nginx = await startTestNginx(t, {
    directory,
    ...(program !== undefined && { program }),
    http: (port) => `
  ${include('postern-http.conf')}
  ${(options.kitHttp ?? []).map(include).join('\n')}
  ${options.http ?? ''}
  ${certificate ? `ssl_certificate ${certificate.certFile};` : ''}
  ${certificate ? `ssl_certificate_key ${certificate.keyFile};` : ''}
  server {
    ${listen(port)}
    access_log ${join(directory, 'access.log')} postern_masked;
    ${include('postern-server.conf')}
    ${options.server ?? ''}
    ${locations}
  }
  ${options.servers?.(listen(port)) ?? ''}`,
  });
  const s = certificate ? 's' : '';
  const read = (name: string) => readFileSync(join(directory, name), 'utf8');
  return {
    nginx,
    backend,
    url: `http${s}://127.0.0.1:${nginx.port}`,
    socketUrl: `ws${s}://127.0.0.1:${nginx.port}`,
    accessLog: () => read('access.log'),
    errorLog: () => read('error.log'),
  };
}

/** The location of the README, for `/`. */
export function protectedLocation(proxyPass: string, include: (file: string) => string): string {
  return `
    location / {
      set $postern_gate "chat";
      set $postern_login "${loginUrl}";
      ${include('postern-location.conf')}
      ${include('postern-proxy.conf')}
      ${proxyPass}
    }`;
}
