/**
 * nginx's subrequest to Postern: each header of it, and the variable that it is made of. Nothing else of
 * the client's request reaches Postern, so these are all the inputs of a decision. The gate's name is
 * the last: a location may take it out of a path.
 */
export const question = [
  ['Host', '$host'],
  ['Cookie', '$http_cookie'],
  ['Authorization', '$http_authorization'],
  ['Origin', '$http_origin'],
  ['Sec-WebSocket-Protocol', '$http_sec_websocket_protocol'],
  ['X-Original-URI', '$request_uri'],
  ['X-Original-Method', '$request_method'],
  ['X-Original-Upgrade', '$http_upgrade'],
  ['X-Forwarded-Proto', '$scheme'],
  ['X-Forwarded-Host', '$host$postern_port'],
  ['X-Real-IP', '$remote_addr'],
  // 1 for what may be a replay (RFC 8470).
  ['Early-Data', '$ssl_early_data'],
  // The argument of auth_request, which nested locations and limit_except inherit: it ends in the gate's
  // name where the location has one.
  ['X-Postern-Auth-URI', '$uri'],
  // The URI by which nginx chose the location (see location-file.ts).
  ['X-Postern-Location-URI', '$postern_location_uri'],
  ['X-Postern-Gate', '$postern_gate'],
] as const;

/** The lines that ask it. */
export function renderQuestion(): string {
  return question.map(([name, variable]) => `proxy_set_header ${name} ${variable};`).join('\n');
}

/**
 * The key of a kept answer: all inputs, one a line. No header and no request line can hold a line feed
 * (RFC 9110, section 5.5, RFC 9113, section 8.2.1), so two different questions have two keys.
 */
export function renderCacheKey(): string {
  return question.map(([, variable]) => variable).join('\\n');
}
