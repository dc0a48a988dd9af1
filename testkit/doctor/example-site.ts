import { mkdirSync, writeFileSync } from 'node:fs';
import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import type { TestContext } from 'node:test';
import type { DemoBackend } from '../../src/demo/backend.ts';
import type { NginxProcess } from '../../src/proxies/nginx/process.ts';
import { temporaryDirectory } from '../directory.ts';
import { startTestNginx } from '../nginx/nginx.ts';
import { startTestPostern, type TestPostern } from '../postern/start.ts';
import { startTestBackend } from '../servers/backend.ts';
import { type ConfigFiles, gateFileName, gatesIn, kitFor } from './examine.ts';

/** A request that the auth service of an example was asked. */
export interface AuthQuestion {
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  /** Tells connections apart. */
  readonly port: number | undefined;
}

/** What an example runs with beside its own text. */
export interface ExampleOptions {
  /** Answers in place of the ordinary auth service. */
  readonly answer?: (request: IncomingMessage, response: ServerResponse) => void;
  /** More files beside the configuration, such as a list of passwords. */
  readonly files?: ConfigFiles;
  /** Starts an application in place of the ordinary one, and gives its port. */
  readonly application?: (t: TestContext) => Promise<number>;
}

/** An example, running in a real nginx. */
export interface ExampleSite {
  readonly nginx: NginxProcess;
  readonly backend: DemoBackend;
  readonly questions: AuthQuestion[];
  readonly url: string;
  readonly socketUrl: string;
  readonly directory: string;
  /** The Postern that is asked, where the example has gates. */
  readonly postern: TestPostern | undefined;
}

/** The cookie with which the auth service of every example lets people in. */
export const goodCookie = { cookie: 'session=good' } as const;
export function answerByCookie(request: IncomingMessage, response: ServerResponse): void {
  const isGood = request.headers.cookie?.includes(goodCookie.cookie) === true;
  if (isGood) response.setHeader('Remote-User', 'alice');
  else response.setHeader('WWW-Authenticate', 'Bearer');
  // Sent without a body and with its length, so that nginx can use the connection again.
  response.statusCode = isGood ? 200 : 401;
  response.setHeader('Content-Length', 0).end();
}

/** Starts a Postern with the gates of an example, and renders its files for nginx. */
export async function startGates(t: TestContext, files: ConfigFiles) {
  const text = files[gateFileName];
  const gates = gatesIn(files);
  if (text === undefined || gates === undefined) return { postern: undefined, kit: {} };
  const config = join(temporaryDirectory(t), gateFileName);
  writeFileSync(config, text);
  const postern = await startTestPostern(t, { config });
  return { postern, kit: kitFor(gates, postern.gate) };
}

/**
 * Starts nginx with an example as it stands in the page: `listen 80`, the auth service at
 * 127.0.0.1:9000 and the application at 127.0.0.1:8080 get the ports they have here.
 */
export async function startExample(
  t: TestContext,
  files: ConfigFiles,
  options: ExampleOptions = {},
): Promise<ExampleSite> {
  const directory = temporaryDirectory(t);
  const backend = await startTestBackend(t);
  const questions: AuthQuestion[] = [];
  const auth = createServer((request, response) => {
    const { url = '', headers, socket } = request;
    questions.push({ url, headers, port: socket.remotePort });
    (options.answer ?? answerByCookie)(request, response);
  });
  await new Promise<void>((resolve) => auth.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    auth.close();
    auth.closeAllConnections();
  });
  const applicationPort = (await options.application?.(t)) ?? backend.port;
  const authPort = (auth.address() as AddressInfo).port;
  const place = (text: string) =>
    text
      .replaceAll('127.0.0.1:9000', `127.0.0.1:${authPort}`)
      .replaceAll('127.0.0.1:8080', `127.0.0.1:${applicationPort}`)
      .replaceAll('/var/log/nginx', directory)
      .replaceAll('/var/cache/nginx', directory)
      .replaceAll('/var/www', directory)
      .replaceAll('/etc/nginx', directory);
  const { postern, kit } = await startGates(t, files);
  for (const [name, text] of Object.entries({ ...kit, ...options.files, ...files })) {
    if (name === 'site.conf') continue;
    mkdirSync(dirname(join(directory, name)), { recursive: true });
    writeFileSync(join(directory, name), place(text));
  }
  const text = place(files['site.conf'] ?? '');
  const nginx = await startTestNginx(t, {
    directory,
    http: (port) =>
      `${text.includes('access_log') ? '' : 'access_log off;'}\n${text.replaceAll(/listen 80\b/g, `listen 127.0.0.1:${port}`)}`,
  });
  return {
    ...{ nginx, backend, questions, directory, postern },
    url: `http://127.0.0.1:${nginx.port}`,
    socketUrl: `ws://127.0.0.1:${nginx.port}`,
  };
}
