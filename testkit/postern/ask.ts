import { request } from 'node:http';
import type { ListenAddress } from '../../src/config/listen-address.ts';
import { requestTarget } from '../clients/request-target.ts';

/** What Postern answered to a subrequest. */
export interface GateAnswer {
  readonly status: number;
  readonly headers: Record<string, string | string[] | undefined>;
  readonly body: string;
  /** `X-Postern-Reason`. */
  readonly reason: string | undefined;
}

/**
 * Asks the gate as nginx would. Headers may be given as a list of lines, so that one can stand twice.
 * Without any, it is a plain page load of `https://app.example.com/`.
 */
export function ask(
  gate: ListenAddress,
  headers: Record<string, string | string[]> = {},
  options: { method?: string; path?: string; body?: string } = {},
): Promise<GateAnswer> {
  const { method = 'GET', path = '/auth', body } = options;
  const lower = Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]),
  );
  return new Promise((resolve, reject) => {
    const outgoing = request(
      {
        ...requestTarget(gate),
        method,
        path,
        agent: false,
        headers: {
          host: 'app.example.com',
          'x-original-uri': '/',
          'x-real-ip': '203.0.113.7',
          'x-forwarded-proto': 'https',
          ...(body !== undefined && { 'content-length': String(Buffer.byteLength(body)) }),
          ...lower,
        },
      },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('end', () => {
          const reason = response.headers['x-postern-reason'];
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            body: Buffer.concat(chunks).toString(),
            reason: typeof reason === 'string' ? reason : undefined,
          });
        });
      },
    );
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}

/** Headers of a subrequest about a handshake, from a page on the same host. */
export const handshakeHeaders = {
  'x-original-upgrade': 'websocket',
  origin: 'https://app.example.com',
} as const;
