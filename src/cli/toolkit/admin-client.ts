import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { Config } from '../../config/config.ts';
import { type ListenAddress, renderListenAddress } from '../../config/listen-address.ts';
import { OperatorError } from '../../lib/operator-error.ts';

/** An answer of the admin API. */
export interface AdminResponse {
  readonly status: number;
  readonly body: unknown;
}

/** Somebody who answers requests of the admin API: a running service, or the store itself. */
export interface AdminClient {
  /** Rejects with OperatorError when nobody answers. */
  send(method: string, path: string, body?: unknown): Promise<AdminResponse>;
  /** Asks for an answer that goes on. Rejects like `send`. */
  open(path: string, headers: Record<string, string>): Promise<AdminStream>;
  close(): Promise<void>;
}

/** An answer of the admin API that goes on. */
export interface AdminStream {
  readonly status: number;
  readonly body: AsyncIterable<Buffer>;
}

/** Milliseconds without a sign of life after which a stream is given up: the service sends some. */
const quietMs = 45_000;

/** Milliseconds to wait for an answer. */
const timeoutMs = 10_000;

/** A client of the running service at `url`, else at the address that the configuration names. */
export function connectAdmin(config: Config['admin'], url: string | undefined): AdminClient {
  const { key } = config;
  if (key === undefined) {
    throw new OperatorError(
      'no admin key: set POSTERN_ADMIN_KEY or POSTERN_ADMIN_KEY_FILE, or use --store on the machine that has the token store.',
    );
  }
  return {
    send: (method, path, body) =>
      sendHttp(url ?? config.listen, {
        method,
        path,
        headers: { authorization: `Bearer ${key}` },
        body,
      }),
    async open(path, headers) {
      const authorization = `Bearer ${key}`;
      const request = { method: 'GET', path, headers: { ...headers, authorization } };
      const response = await requestHttp(url ?? config.listen, request, quietMs);
      return { status: response.statusCode ?? 0, body: response };
    },
    close: async () => {},
  };
}

/** Sends one request over HTTP, to a URL or to a listener of this machine. */
export async function sendHttp(
  to: string | ListenAddress,
  request: HttpRequest,
): Promise<AdminResponse> {
  const response = await requestHttp(to, request, timeoutMs);
  const body = await readWhole(response);
  return { status: response.statusCode ?? 0, body: parseJson(body) };
}

interface HttpRequest {
  readonly method: string;
  readonly path: string;
  readonly headers?: Record<string, string>;
  readonly body?: unknown;
}

/** The whole body of an answer, as text. */
export async function readWhole(body: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

/** Resolves when the answer begins. */
function requestHttp(
  to: string | ListenAddress,
  request: HttpRequest,
  timeout: number,
): Promise<IncomingMessage> {
  const { method, path, headers = {} } = request;
  const body = request.body === undefined ? undefined : JSON.stringify(request.body);
  const target = typeof to === 'string' ? targetOfUrl(to, path) : targetOfListener(to, path);
  return new Promise((resolve, reject) => {
    const outgoing = (target.secure ? httpsRequest : httpRequest)(
      {
        ...target.options,
        method,
        headers: {
          ...headers,
          ...(body !== undefined && {
            'content-type': 'application/json',
            'content-length': Buffer.byteLength(body),
          }),
        },
        timeout,
      },
      resolve,
    );
    outgoing.on('timeout', () => outgoing.destroy(new Error('it did not answer in time')));
    outgoing.on('error', (error: NodeJS.ErrnoException) => {
      const why = error.code === 'ECONNREFUSED' ? 'nothing listens there' : error.message;
      reject(
        new OperatorError(
          `cannot reach Postern at ${target.name}: ${why}. Is it running, and at this address?`,
        ),
      );
    });
    outgoing.end(body);
  });
}

function targetOfUrl(url: string, path: string) {
  const base = URL.canParse(url) ? new URL(url) : undefined;
  if (base === undefined || !['http:', 'https:'].includes(base.protocol)) {
    throw new OperatorError(`"${url}" is not an http or https URL.`);
  }
  return {
    name: base.origin,
    secure: base.protocol === 'https:',
    options: {
      host: base.hostname.replace(/^\[|\]$/g, ''),
      port: base.port,
      path: base.pathname.replace(/\/$/, '') + path,
    },
  };
}

function targetOfListener(address: ListenAddress, path: string) {
  const name = renderListenAddress(address);
  if (address.kind === 'unix') {
    return { name, secure: false, options: { socketPath: address.path, path } };
  }
  // A listener on all addresses is reached on the loopback one.
  const host =
    address.host === '0.0.0.0' ? '127.0.0.1' : address.host === '::' ? '::1' : address.host;
  return { name, secure: false, options: { host, port: address.port, path } };
}

/** A body as JSON, or as it is where it is none. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
