import { request } from 'node:http';
import { WebSocket } from 'ws';
import type { SeenRequest } from './backend.ts';

/** Result of a handshake or a page load. */
export interface Outcome {
  /** 101 when the socket opened, else the HTTP status. */
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** The request as the backend received it; undefined if it did not. */
  readonly seen: Omit<SeenRequest, 'rawHeaders'> | undefined;
}

/** Timeout of a handshake, in milliseconds. */
const timeoutMs = 10_000;

/**
 * Makes a WebSocket handshake with the `ws` client, waits for the backend's first message, and
 * closes the socket. Rejects when there is no HTTP response.
 */
export function tryHandshake(
  url: string,
  headers: Readonly<Record<string, string>> = {},
  protocols: string[] = [],
): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(url, protocols, { headers, handshakeTimeout: timeoutMs });
    let responseHeaders: Outcome['headers'] = {};
    socket.on('upgrade', (response) => {
      responseHeaders = response.headers;
    });
    socket.on('message', (data) => {
      socket.once('close', () =>
        resolve({ status: 101, headers: responseHeaders, seen: JSON.parse(String(data)) }),
      );
      socket.close();
    });
    socket.on('unexpected-response', (_request, response) => {
      response.resume();
      resolve({ status: response.statusCode ?? 0, headers: response.headers, seen: undefined });
    });
    socket.on('error', reject);
  });
}

/** Loads a page, as browsers ask for one, without following redirects. */
export function tryPage(
  url: string,
  headers: Readonly<Record<string, string | string[]>> = {},
  method = 'GET',
): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const outgoing = request(
      url,
      { method, headers: { accept: 'text/html', ...headers }, agent: false },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('end', () => {
          const isBackend = response.headers['content-type'] === 'application/json';
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            seen: isBackend ? JSON.parse(Buffer.concat(chunks).toString()) : undefined,
          });
        });
      },
    );
    outgoing.on('error', reject);
    outgoing.end();
  });
}
