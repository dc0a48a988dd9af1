import type { SubrequestHead } from './inbound.ts';

/** A client's request that somebody asks about. */
export interface AskedRequest {
  readonly uri: string;
  readonly method: string;
  /** As in `Host`. */
  readonly host: string;
  readonly scheme: 'http' | 'https';
  readonly client: string | undefined;
  /** The gate that nginx would name. */
  readonly gate: string | undefined;
  /** The client's headers, in their order. */
  readonly headers: readonly (readonly [name: string, value: string])[];
}

/** Headers of the client that the shipped auth location passes on. */
const passed = ['cookie', 'authorization', 'origin', 'sec-websocket-protocol'];

/** The subrequest that nginx makes of a client's request, with the shipped files. */
export function toSubrequest(asked: AskedRequest): SubrequestHead {
  const headers: Record<string, string[]> = Object.create(null);
  const set = (name: string, value: string | undefined) => {
    if (value !== undefined) headers[name] = [value];
  };
  for (const [name, value] of asked.headers) {
    const lower = name.toLowerCase();
    if (passed.includes(lower)) headers[lower] = [...(headers[lower] ?? []), value];
    if (lower === 'upgrade') set('x-original-upgrade', value);
  }
  set('host', asked.host);
  set('x-original-uri', asked.uri);
  set('x-original-method', asked.method);
  set('x-forwarded-proto', asked.scheme);
  set('x-real-ip', asked.client);
  set('x-postern-gate', asked.gate);
  return { method: 'GET', socket: {}, headersDistinct: headers };
}
