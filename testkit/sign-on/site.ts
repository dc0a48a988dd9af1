import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { WebSocketServer } from 'ws';
import { loadModule } from '../../scripts/programs.ts';
import { nginxFiles } from '../../src/lib/resources.ts';
import type { NginxProcess } from '../../src/proxies/nginx/process.ts';
import { temporaryDirectory } from '../directory.ts';
import { startTestNginx } from '../nginx/nginx.ts';
import { swagProxyConf } from '../nginx/swag.ts';
import type { Scope } from '../scope.ts';
import { startNameServer } from '../servers/name-server.ts';
import { createCertificate } from '../tls/certificate.ts';
import type { SessionOwner, SignOn } from './nginx/sign-on.ts';

/** An application behind a sign-on service, with a stand-in for the service. */
export interface SignOnSite {
  readonly nginx: NginxProcess;
  /** Certificate that its clients have to trust. */
  readonly certificate: string;
  /** Method, URI and upgrade of every request that reached the application. */
  readonly reached: string[];
  /** Requests that the service did not understand, and why. */
  readonly misunderstandings: string[];
  /** Stops the service, so that nginx is refused a connection. */
  stopService(): Promise<void>;
}

/** Where the application is, in lines of a site. */
const applicationUrl = 'http://127.0.0.1:8484';

/** What may be changed about a site. */
export interface SignOnSiteOptions {
  /** Lines behind the sign-on's own in the protected location: the fix, for one. */
  readonly after?: string;
  /** Lines before them. */
  readonly before?: string;
  /** More lines of the server block. */
  readonly server?: string;
  /** Replaces the proxy_pass line of the location with plain surroundings. */
  readonly proxyPass?: (url: string) => string;
  /**
   * Replaces the protected location as a whole, by lines that may include the sign-on's own from
   * `/config/nginx/NAME-location.conf`, and the fix from `/config/nginx` and `/etc/nginx`. 8484 is
   * the port of the application in there.
   */
  readonly locations?: string;
}

const fixFile = join(nginxFiles, 'fixes', 'no-login-redirect.conf');

/** The line that people add. */
export const fix = `include ${fixFile};`;

/** The cookie of Alice, of Mallory, who may not come in, and of nobody. */
export function cookieOf(signOn: SignOn, who: 'alice' | 'mallory' | 'nobody'): string {
  return `${signOn.sessionCookie}=session-of-${who}`;
}

/** Starts nginx, the service and an application; all stop with the test. */
export async function startSignOnSite(
  t: Scope,
  signOn: SignOn,
  options: SignOnSiteOptions = {},
): Promise<SignOnSite> {
  const directory = temporaryDirectory(t);
  const config = join(directory, 'config', 'nginx');
  mkdirSync(config, { recursive: true });
  const misunderstandings: string[] = [];
  const service = await listen(t, standIn(signOn, misunderstandings));
  const { server: application, reached } = makeApplication();
  const applicationPort = portOf(await listen(t, application));
  const place = (text: string) =>
    text
      .replaceAll('8484', String(applicationPort))
      .replaceAll('PORT', String(portOf(service)))
      .replaceAll(/\/(?:config|etc)\/nginx\b/g, config);
  const resolver = `resolver 127.0.0.1:${await startNameServer(t)} valid=30s ipv6=off;\n`;
  writeFileSync(join(config, 'resolver.conf'), resolver);
  writeFileSync(join(config, 'proxy.conf'), swagProxyConf);
  writeFileSync(join(config, 'tinyauth-proxy.conf'), withoutForwardedHostAndUri(swagProxyConf));
  const [name = ''] = signOn.name.toLowerCase().split(' ');
  writeFileSync(join(config, `${name}-location.conf`), place(signOn.location));
  copyFileSync(fixFile, join(config, 'no-login-redirect.conf'));
  const certificate = createCertificate(t, ['grist.example.com']);
  const nginx = await startTestNginx(t, {
    directory,
    main: loadModule('set-misc'),
    http: (port) => `
  map $http_upgrade $connection_upgrade { default upgrade; "" close; }
  access_log off;
  port_in_redirect off;
  ssl_certificate ${certificate.certFile};
  ssl_certificate_key ${certificate.keyFile};
  server {
    listen 127.0.0.1:${port} ssl;
    ${place(signOn.server)}
    ${options.server ?? ''}
    ${place(options.locations ?? protectedLocation(signOn, options))}
  }`,
  });
  return {
    nginx,
    certificate: certificate.certFile,
    reached,
    misunderstandings,
    stopService: () => stop(service),
  };
}

function protectedLocation(signOn: SignOn, options: SignOnSiteOptions): string {
  const { before = '', after = '' } = options;
  return `location / { ${before} ${signOn.location} ${surroundings(signOn, options)} ${after} }`;
}

function surroundings(signOn: SignOn, options: SignOnSiteOptions): string {
  if (signOn.surroundings === 'swag') {
    return `
      include /config/nginx/proxy.conf;
      include /config/nginx/resolver.conf;
      set $upstream_app grist;
      set $upstream_port 8484;
      set $upstream_proto http;
      proxy_pass $upstream_proto://$upstream_app:$upstream_port;`;
  }
  return `
      proxy_http_version 1.1;
      proxy_set_header Host $host;
      proxy_set_header Upgrade $http_upgrade;
      proxy_set_header Connection "upgrade";
      ${options.proxyPass?.(applicationUrl) ?? `proxy_pass ${applicationUrl};`}`;
}

/** What SWAG's tinyauth-proxy.conf is to its proxy.conf. */
function withoutForwardedHostAndUri(text: string): string {
  return text.replace(/(proxy_set_header X-Forwarded-(?:Host|Uri)) .*;/g, '$1 "";');
}

function standIn(signOn: SignOn, misunderstandings: string[]): Server {
  return createServer((request, response) => {
    request.resume();
    const { headers, url = '' } = request;
    const { pathname } = new URL(url, 'http://service');
    const answer = signOn.answer(pathname, headers, ownerOf(signOn, headers.cookie));
    if (answer.status === 400) misunderstandings.push(`${url}: ${answer.body}`);
    response.writeHead(answer.status, answer.headers).end(answer.body);
  });
}

function ownerOf(signOn: SignOn, cookie = ''): SessionOwner {
  const owners = ['alice', 'mallory'] as const;
  return owners.find((who) => cookie.split('; ').includes(cookieOf(signOn, who)));
}

/**
 * An application that opens WebSockets, and h2c as well where somebody asks for it, which is what an
 * HTTP/2 server behind nginx does. It says who it was told is there, and nothing that differs from
 * one run to the next.
 */
function makeApplication(): { server: Server; reached: string[] } {
  const reached: string[] = [];
  const webSockets = new WebSocketServer({ noServer: true });
  const server = createServer((request, response) => {
    const { method, url, headers } = request;
    reached.push(`${method} ${url}`);
    const user = headers['remote-user'] ?? headers['x-authentik-username'] ?? headers['x-user'];
    request.resume().on('end', () => {
      response.setHeader('set-cookie', 'app=1').end(`${method} ${url} by ${user ?? 'somebody'}`);
    });
  });
  server.on('upgrade', (request, socket, head) => {
    reached.push(`${request.method} ${request.url} ${request.headers.upgrade}`);
    if (request.headers.upgrade === 'h2c') {
      socket.end('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n');
      return;
    }
    webSockets.handleUpgrade(request, socket, head, (webSocket) => {
      webSocket.on('message', (data) => webSocket.send(`heard ${data}`));
    });
  });
  return { server, reached };
}

function portOf(server: Server): number {
  return (server.address() as AddressInfo).port;
}

async function listen(t: Scope, server: Server): Promise<Server> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => stop(server));
  return server;
}

function stop(server: Server): Promise<void> {
  return new Promise((resolve) => {
    if (!server.listening) return resolve();
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
