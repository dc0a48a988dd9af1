import { authUri } from '../core/gate/auth-uri.ts';
import { resolvePath } from '../core/gate/path.ts';
import { renderedHeaders } from '../proxies/subrequest-headers.ts';
import type { SubrequestHead } from './forwarded-headers.ts';

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

/** The subrequest that nginx would make of a client's request, with the shipped files. */
export function toSubrequest(asked: AskedRequest): SubrequestHead {
  const valuesOf = nginxVariables(asked);
  return {
    method: 'GET',
    socket: {},
    rawHeaders: renderedHeaders.flatMap(({ name, variable }) =>
      valuesOf(variable).flatMap((value) => [name, value]),
    ),
  };
}

type Variable = (typeof renderedHeaders)[number]['variable'];

/** The values of nginx's variables for a request: none for an empty one, several for a repeated header. */
function nginxVariables(asked: AskedRequest): (variable: Variable) => readonly string[] {
  const headers = (wanted: string) =>
    asked.headers.filter(([name]) => name.toLowerCase() === wanted).map(([, value]) => value);
  const values: Partial<Record<Variable, string | undefined>> = {
    $host: asked.host,
    $host$postern_port: undefined,
    $request_uri: asked.uri,
    $request_method: asked.method,
    $scheme: asked.scheme,
    $remote_addr: asked.client,
    $ssl_early_data: undefined,
    $uri: asked.gate === undefined ? authUri : `${authUri}/${asked.gate}`,
    $postern_location_uri: resolvePath(asked.uri.replace(/\?.*$/s, '')) ?? '/',
    $postern_gate: undefined,
  };
  return (variable) => {
    const header = /^\$http_(.+)$/.exec(variable)?.[1]?.replaceAll('_', '-');
    const found = header === undefined ? [values[variable] ?? ''] : headers(header);
    return found.filter((value) => value !== '');
  };
}
