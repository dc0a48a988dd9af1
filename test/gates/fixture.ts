import { readFileSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { request as requestTls } from 'node:https';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { WebSocket } from 'ws';
import { loadConfig } from '../../src/config/load.ts';
import type { DemoBackend } from '../../src/demo/backend.ts';
import { packageRoot } from '../../src/lib/resources.ts';
import { bundleOptionsOf } from '../../src/proxies/nginx/bundle-options.ts';
import { writeBundle } from '../../src/proxies/nginx/config-bundle.ts';
import { renderBundle } from '../../src/proxies/nginx/render.ts';
import { temporaryDirectory } from '../../testkit/directory.ts';
import { startTestNginx } from '../../testkit/nginx/nginx.ts';
import { startTestPostern, type TestPostern } from '../../testkit/postern/start.ts';
import { startTestBackend } from '../../testkit/servers/backend.ts';
import type { SignOnServer } from '../../testkit/sign-on/answering-server.ts';
import { startSignOn } from '../../testkit/sign-on/stand-in.ts';

/** What only the kiosk's backend may see. */
export const kioskKey = 'Bearer kiosk-backend-key-0123456789';

/** Addresses of this machine in the place of those in the example. */
export const addresses = { server: '127.0.0.5', inside: '127.10.0.1', banned: '127.66.0.1' };

/** The example in `examples/six-gates`, with a nginx, a backend and a sign-on of the test's own. */
export interface SixGates {
  readonly postern: TestPostern;
  readonly backend: DemoBackend;
  readonly signOn: SignOnServer;
  readonly port: number;
  readonly configFile: string;
}

/** What a client sends. */
export interface SiteRequest {
  readonly host: string;
  readonly path?: string;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly protocols?: readonly string[];
  /** Address of this machine to come from. */
  readonly from?: string;
  /** Over TLS, with whatever certificate. */
  readonly tls?: boolean;
}

/** Starts the example and stops it after the test. */
export async function startSixGates(t: TestContext): Promise<SixGates> {
  const directory = temporaryDirectory(t);
  const example = (name: string) =>
    readFileSync(join(packageRoot, 'examples/six-gates', name), 'utf8');
  const backend = await startTestBackend(t);
  const signOn = await startSignOn(t, 'tinyauth');
  const keyFile = join(directory, 'kiosk-backend-key');
  writeFileSync(keyFile, `${kioskKey}\n`);
  const configFile = join(directory, 'postern.yaml');
  writeFileSync(
    configFile,
    example('postern.yaml')
      .replaceAll('http://tinyauth:3000', signOn.url)
      .replaceAll('/run/secrets/kiosk-backend-key', keyFile)
      .replaceAll('172.18.0.5', addresses.server)
      .replaceAll('10.0.0.0/8', '127.10.0.0/16, 127.66.0.0/16')
      .replaceAll('10.66.0.0/16', '127.66.0.0/16'),
  );
  const postern = await startTestPostern(t, { config: configFile });
  const files = join(directory, 'postern');
  const { config } = loadConfig({ file: configFile, env: {} });
  writeBundle(files, renderBundle('plain', { ...bundleOptionsOf(config), gate: postern.gate }));
  const nginx = await startTestNginx(t, {
    directory,
    http: (port) =>
      example('nginx.conf')
        .replaceAll('/etc/nginx/postern', files)
        .replaceAll('listen 443 ssl;', `listen 127.0.0.1:${port};`)
        .replaceAll(
          /proxy_pass http:\/\/127\.0\.0\.1:\d+;/g,
          `proxy_pass http://127.0.0.1:${backend.port};`,
        ),
  });
  return { postern, backend, signOn, port: nginx.port, configFile };
}

/** The status of a handshake: 101 when the socket opened. */
export function handshakeStatus(port: number, asked: SiteRequest): Promise<number> {
  const { host, path = '/', headers = {}, protocols = [], from, tls = false } = asked;
  const socket = new WebSocket(`ws${tls ? 's' : ''}://127.0.0.1:${port}${path}`, [...protocols], {
    rejectUnauthorized: false,
    headers: { ...headers, Host: host },
    ...(from && { localAddress: from }),
  });
  return new Promise((resolve, reject) => {
    socket.on('open', () => {
      socket.terminate();
      resolve(101);
    });
    socket.on('unexpected-response', (outgoing, response) => {
      outgoing.destroy();
      resolve(response.statusCode ?? 0);
    });
    socket.on('error', (error) => {
      if (!/closed before/.test(error.message)) reject(error);
    });
  });
}

/** The answer to an ordinary request. */
export interface PageAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** Parsed where it is JSON. */
  readonly body: unknown;
}

/** Sends an ordinary request, as browsers load pages unless `headers` says otherwise. */
export function loadPage(port: number, asked: SiteRequest): Promise<PageAnswer> {
  const { host, path = '/', method = 'GET', headers = {}, from, tls = false } = asked;
  return new Promise((resolve, reject) => {
    const outgoing = (tls ? requestTls : request)(
      {
        rejectUnauthorized: false,
        port,
        host: '127.0.0.1',
        path,
        method,
        agent: false,
        headers: { Accept: 'text/html', ...headers, host },
        ...(from && { localAddress: from }),
      },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('end', () => {
          const { statusCode: status = 0, headers: answered } = response;
          const text = Buffer.concat(chunks).toString();
          const isJson = answered['content-type']?.startsWith('application/json');
          resolve({ status, headers: answered, body: isJson ? JSON.parse(text) : text });
        });
      },
    );
    outgoing.on('error', reject);
    outgoing.end();
  });
}
