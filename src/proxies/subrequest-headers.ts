import type { SourceName } from '../core/model/source-name.ts';

/**
 * The headers of the subrequest: how a proxy describes the client's request to Postern. The renderer of
 * the nginx files, the reader of subrequests, `explain` and the documentation use this one table.
 */
interface SubrequestHeader {
  readonly name: string;
  /** The fact it describes. Several headers may describe one; their values have to agree. */
  readonly fact: string;
  /**
   * The nginx variable that the shipped files set it from. Undefined for a header that is only read: from
   * configurations written for other auth services, or set by another module.
   */
  readonly variable?: string;
  /**
   * Set only in files for a gate with this credential source. The same files remove the header from the
   * request to the backend: a token that Postern reads is never one that the backend sees.
   */
  readonly source?: SourceName;
  /** Set where the location of `/.postern/` (sign-in) sends it, too. */
  readonly signIn?: true;
}

/**
 * In the order in which nginx sends them. Nothing else of the client's request reaches Postern, so those
 * with a variable are all inputs of a decision.
 */
export const subrequestHeaders = [
  { name: 'Host', fact: 'host', variable: '$host', signIn: true },
  { name: 'Cookie', fact: 'cookie', variable: '$http_cookie', signIn: true },
  { name: 'Authorization', fact: 'authorization', variable: '$http_authorization', signIn: true },
  {
    name: 'X-Api-Key',
    fact: 'apiKey',
    variable: '$http_x_api_key',
    source: 'api_key',
    signIn: true,
  },
  { name: 'Origin', fact: 'origin', variable: '$http_origin', signIn: true },
  {
    name: 'Sec-WebSocket-Protocol',
    fact: 'subprotocols',
    variable: '$http_sec_websocket_protocol',
  },
  { name: 'X-Original-URI', fact: 'uri', variable: '$request_uri', signIn: true },
  { name: 'X-Original-Method', fact: 'method', variable: '$request_method', signIn: true },
  { name: 'X-Original-Upgrade', fact: 'upgrade', variable: '$http_upgrade' },
  { name: 'X-Forwarded-Proto', fact: 'scheme', variable: '$scheme', signIn: true },
  { name: 'X-Forwarded-Host', fact: 'host', variable: '$host$postern_port' },
  { name: 'X-Real-IP', fact: 'address', variable: '$remote_addr', signIn: true },
  // 1 for TLS early data, which may be a replay (RFC 8470).
  { name: 'Early-Data', fact: 'early', variable: '$ssl_early_data', signIn: true },
  // The argument of auth_request, which nested locations and limit_except inherit. It ends in the name of
  // the gate where the location names one.
  { name: 'X-Postern-Auth-URI', fact: 'authUri', variable: '$uri' },
  // The URI by which nginx chose the location (see location-file.ts).
  { name: 'X-Postern-Location-URI', fact: 'locationUri', variable: '$postern_location_uri' },
  // The last one: a location may take its value from a path, with captures of any content.
  { name: 'X-Postern-Gate', fact: 'gate', variable: '$postern_gate' },
  { name: 'X-Forwarded-Method', fact: 'method' },
  { name: 'X-Forwarded-Uri', fact: 'uri' },
  { name: 'X-Original-URL', fact: 'url' },
  { name: 'Upgrade', fact: 'upgrade' },
  { name: 'X-Forwarded-For', fact: 'hops' },
  { name: 'Traceparent', fact: 'traceparent' },
  { name: 'Tracestate', fact: 'tracestate' },
] as const satisfies readonly SubrequestHeader[];

/** A fact that the headers of a subrequest describe. */
export type Fact = (typeof subrequestHeaders)[number]['fact'];

/** The headers that nginx files may set, with their variables. */
export const renderedHeaders = subrequestHeaders.filter((header) => 'variable' in header);

/** The headers that nginx files for gates with these sources set. */
export function headersFor(sources: readonly SourceName[]): typeof renderedHeaders {
  return renderedHeaders.filter(
    (header) => !('source' in header) || sources.includes(header.source),
  );
}

/** The headers that carry nothing but a token of these sources, and that the backend must not get. */
export function credentialHeaders(sources: readonly SourceName[]): readonly string[] {
  return headersFor(sources).flatMap((header) => ('source' in header ? [header.name] : []));
}
