import { join } from 'node:path';
import { packageRoot } from '../../src/lib/resources.ts';
import { temporaryDirectory } from '../directory.ts';
import { type GuardedSite, startSite } from '../nginx/site.ts';
import { startTestPostern, type TestPostern } from '../postern/start.ts';
import type { Scope } from '../scope.ts';
import { createCertificate } from '../tls/certificate.ts';

/** Host names of the guarded site: its pages and its sockets may be on different ones. */
const guardedHosts = ['app.example.test', 'ws.example.test'];

/** Hosts with pages of others: of the same owner, of a partner, of nobody we know. */
const otherHosts = ['www.example.test', 'partner.test', 'evil.test'];

/** A guarded site and its neighbours, all behind one nginx with TLS. */
export interface BrowserSite {
  readonly postern: TestPostern;
  readonly site: GuardedSite;
  /** `https://<host>:port`, and the same for sockets. */
  at(host: string): string;
  socketAt(host: string): string;
}

/** What may differ from fixture to fixture. */
export interface BrowserSiteOptions {
  /** Environment of Postern; it may name the origins of the fixture. */
  readonly env?: (at: BrowserSite['at']) => Record<string, string>;
  /** More locations of the guarded site. */
  readonly locations?: string;
}

/**
 * Starts a guarded site on `app.example.test` and `ws.example.test`, and neighbours on
 * `www.example.test`, `partner.test` and `evil.test`. All have an empty page at `/page` and the
 * files of `docs/examples` at `/examples/`; neither needs a token.
 */
export async function startBrowserSite(
  t: Scope,
  options: BrowserSiteOptions = {},
): Promise<BrowserSite> {
  // nginx's port has to be known before Postern is told which origins it may trust.
  const socket = join(temporaryDirectory(t), 'gate.sock');
  const pages = `
    location = /page {
      default_type text/html;
      return 200 '<!doctype html><html lang="en"><title>A page</title><link rel="icon" href="data:,">';
    }
    location /examples/ {
      types { text/javascript js; }
      alias ${join(packageRoot, 'docs/examples')}/;
    }`;
  const site = await startSite(t, {
    gate: { kind: 'unix', path: socket },
    certificate: createCertificate(t, [...guardedHosts, ...otherHosts]),
    server: `server_name ${guardedHosts.join(' ')};`,
    locations: (backend, include) => `
      ${pages}
      ${options.locations ?? ''}
      location / {
        set $postern_gate "chat";
        set $postern_login "/.postern/login?rd=";
        ${include('postern-location.conf')} ${include('postern-proxy.conf')} ${backend}
      }`,
    servers: (listen) => `
      server { ${listen} server_name ${otherHosts.join(' ')}; access_log off; ${pages} }`,
  });
  const at = (host: string) => `https://${host}:${site.nginx.port}`;
  const postern = await startTestPostern(t, {
    env: { POSTERN_GATE_LISTEN: `unix:${socket}`, ...options.env?.(at) },
  });
  return { postern, site, at, socketAt: (host) => at(host).replace('https', 'wss') };
}
