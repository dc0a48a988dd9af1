import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { Config } from '../../config/config.ts';
import { type ListenAddress, renderListenAddress } from '../../config/listen-address.ts';
import { OperatorError } from '../../lib/operator-error.ts';

/** A response of the admin API. */
export interface AdminResponse {
  readonly status: number;
  readonly body: unknown;
}

/** Client of the admin API: of a running service, or of the store without a service. */
export interface AdminClient {
  /** Rejects with OperatorError when the service cannot be reached. */
  send(method: string, path: string, body?: unknown): Promise<AdminResponse>;
  /** Opens a streaming response. Rejects like `send`. */
  open(path: string, headers: Record<string, string>): Promise<AdminStream>;
  close(): Promise<void>;
}

/** A streaming response. */
export interface AdminStream {
  readonly status: number;
  readonly body: AsyncIterable<Buffer>;
}

/** Idle timeout of a stream, in milliseconds; the service sends heartbeats. */
const streamIdleTimeoutMs = 45_000;

/** Timeout of a request, in milliseconds. */
const timeoutMs = 10_000;

/** Connects to the service at `url`, or at the configured address. */
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
      const response = await requestHttp(url ?? config.listen, request, streamIdleTimeoutMs);
      return { status: response.statusCode ?? 0, body: response };
    },
    close: async () => {},
  };
}

/** Sends one HTTP request to a URL, or to a listener on this machine. */
export async function sendHttp(
  destination: string | ListenAddress,
  request: HttpRequest,
): Promise<AdminResponse> {
  const response = await requestHttp(destination, request, timeoutMs);
  const body = await readBody(response);
  return { status: response.statusCode ?? 0, body: parseJson(body) };
}

interface HttpRequest {
  readonly method: string;
  readonly path: string;
  readonly headers?: Record<string, string>;
  readonly body?: unknown;
}

/** Reads a whole body as text. */
export async function readBody(body: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

/** Resolves with the response headers. */
function requestHttp(
  destination: string | ListenAddress,
  request: HttpRequest,
  timeout: number,
): Promise<IncomingMessage> {
  const { method, path, headers = {} } = request;
  const body = request.body === undefined ? undefined : JSON.stringify(request.body);
  const target =
    typeof destination === 'string'
      ? targetOfUrl(destination, path)
      : targetOfListener(destination, path);
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
  // A listener on all addresses is reached at the loopback address.
  const host =
    address.host === '0.0.0.0' ? '127.0.0.1' : address.host === '::' ? '::1' : address.host;
  return { name, secure: false, options: { host, port: address.port, path } };
}

/** Parses a body as JSON; returns the text itself if it is none. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
