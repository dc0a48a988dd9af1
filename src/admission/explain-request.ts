import { authUri } from '../core/gate/auth-uri.ts';
import { resolvePath } from '../core/gate/path.ts';
import type { SubrequestHead } from './subrequest-headers.ts';

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
  const upgrade = asked.headers.find(([name]) => name.toLowerCase() === 'upgrade')?.[1];
  const set = [
    ['Host', asked.host],
    ['X-Original-URI', asked.uri],
    ['X-Original-Method', asked.method],
    ['X-Original-Upgrade', upgrade],
    ['X-Forwarded-Proto', asked.scheme],
    ['X-Real-IP', asked.client],
    ['X-Postern-Auth-URI', asked.gate === undefined ? authUri : `${authUri}/${asked.gate}`],
    ['X-Postern-Location-URI', resolvePath(asked.uri.replace(/\?.*$/s, '')) ?? '/'],
  ] as const;
  const kept = asked.headers.filter(([name]) => passed.includes(name.toLowerCase()));
  return {
    method: 'GET',
    socket: {},
    rawHeaders: [...set, ...kept].flatMap(([name, value]) => (value ? [name, value] : [])),
  };
}
