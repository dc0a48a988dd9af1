import type { DenialCode } from '../src/core/model/denials.ts';

/** What to do about each denial, for docs/denials.md. */
export const denialAdvice = {
  untrusted_proxy:
    'Add the address of your nginx to `gate.trusted_proxies`. The log line has the address. See [who may ask](protocol.md#who-may-ask).',
  malformed_request:
    'Read `detail` in the log: it names the header. Most often an auth location of your own sets a header of the client twice, or the lines of `postern-location.conf` did not run ([nginx.md](nginx.md)).',
  no_gate:
    'Compare host and path with `gates` (`postern gate list`), and the name in nginx with the names there. `postern doctor config --gates` compares both sides.',
  ambiguous_path:
    'A client that sends such a path is attacking or broken. If it is your application, give the gates paths that do not depend on the reading, or link to the plain path. See [which gate it is](gates.md#which-gate-it-is).',
  upgrade_not_websocket:
    'Nothing, for h2c: it would open a tunnel past the rules of nginx. A WebSocket client must send `GET` and `Upgrade: websocket`.',
  origin_not_allowed:
    'Add the origin of the page to `origins` of the gate. Programs that use a cookie must send an `Origin`; better, they use a token in `Authorization`.',
  no_credential:
    'Send a token in one of the `sources` of the gate: see [tokens.md](tokens.md). If the client did send one, a proxy or a `proxy_set_header` dropped it; `postern explain` shows what arrived.',
  malformed_credential:
    'Issue a new token, or copy it again. A JWT needs `exp` and what [jwt.md](jwt.md) lists. Send the token in one place and once.',
  unknown_token:
    'Check that the token belongs to this store, and that `iss` of a JWT equals `issuer` exactly. After a `postern restore`, tokens that were issued since the backup are unknown.',
  expired: 'Issue a new token. A page gets a new ticket for each connection.',
  revoked: 'Nothing, if it was meant. `postern audit list` says who revoked it; issue a new token.',
  already_used:
    'Get a ticket for each connection, reconnects included. `max_uses` of a token cannot be raised: issue a new one.',
  not_yet_valid: 'Wait, or set the clocks of the machines right.',
  invalid_signature:
    'Check `jwks_url`, the key and `algorithms` of the issuer in `jwt.issuers` ([jwt.md](jwt.md)).',
  wrong_audience: 'Add the `aud` of the JWT to `audience` of the issuer, if it is meant for you.',
  too_early: 'Nothing: the client repeats the request.',
  throttled:
    'Find the client with wrong credentials: `postern throttle list`. `postern throttle clear` resets the count, `throttle.exempt` exempts a network. See [throttling.md](throttling.md).',
  too_many_sessions:
    'Raise `sessions.max_per_token` for a token that many people share. See [signing in](tokens.md#signing-in).',
  wrong_gate: 'Issue a token for this gate (`--gate`), or use the token at its own gate.',
  path_not_allowed: 'Issue a token for this path (`--path`).',
  network_not_allowed:
    'Check `networks` of the gate and `--network` of the token against the client address in the log. Behind another proxy nginx needs `set_real_ip_from` and `real_ip_header`.',
  kind_not_accepted: 'Use a token of a kind in `kinds`: most often a ticket.',
  insufficient_scope:
    'Issue a token, or let the issuer sign a JWT, with the scopes in `require.scopes`.',
  not_admitted:
    'Add the group or claim to the token or to the user, or change `require` of the gate.',
  issuer_unavailable:
    'Check from the machine of Postern that `jwks_url` (or the key file) can be read. Known keys stay valid for a day while the issuer is down.',
  sign_on_denied: 'Log in at the sign-on service. Programs use a token of Postern instead.',
  sign_on_forbidden: 'Change the rules of the sign-on service for this user and host.',
  sign_on_unavailable:
    'Check `bridge.url` from the machine of Postern, and that the service answers within `bridge.timeout`. See [bridge.md](bridge.md).',
  store_unavailable:
    'Run `postern store check`, and see [when something breaks](operations.md#when-something-breaks).',
  internal_error: 'Look at the log line with this `request_id`, and report it.',
} as const satisfies Record<DenialCode, string>;
