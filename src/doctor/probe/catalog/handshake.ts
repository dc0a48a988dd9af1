import type { FindingRule } from '../finding-rule.ts';
import { generalRemedy } from '../remedy.ts';

/** What a handshake without a credential gets: denied, redirected, let in. */
export const handshakeFindings = {
  'upgrade-denied': {
    severity: 'ok',
    title: 'A handshake without a credential gets 401',
    meaning:
      'As it should be: every client understands it. A server that opens its own public address (Grist’s self-check does) gets the same, unless its network is trusted; run this command on that server with --from-server to see it.',
  },
  'upgrade-redirected': {
    severity: 'fault',
    title: 'A handshake is redirected to a login',
    meaning:
      'No WebSocket client can sign in there: "ws" says "Unexpected server response: 302", browsers report close code 1006, Python "scheme isn\'t ws or wss". Clients with a session get through; all others fail, without a useful message. Behind auth_request the service answered 401, and an "error_page 401" in nginx turned it into a redirect.',
    change: generalRemedy,
  },
  'upgrade-to-https': {
    severity: 'fault',
    title: 'A handshake over ws:// is redirected to https',
    meaning: 'WebSocket clients do not follow redirects.',
    change: 'Let the client open wss:// instead of ws://.',
  },
  'upgrade-moved': {
    severity: 'fault',
    title: 'A handshake is redirected to another address',
    meaning: 'WebSocket clients do not follow redirects.',
    change:
      'Let the client open that address, with wss:// instead of https://. If only the slash at the end differs: nginx redirects "/ws" to "/ws/" when only "location /ws/" exists.',
  },
  'upgrade-open-to-everyone': {
    severity: 'warning',
    title: 'A handshake without any credential opens the socket',
    meaning:
      'Anybody who knows the address gets in; if only some networks may, yours is one of them. Correct only for a public socket, or for an application that requires a token inside the socket.',
    change:
      'To protect it: "auth_request" in the location that serves this path. Look for a location of its own with "auth_request off".',
  },
  'upgrade-open-without-token': {
    severity: 'fault',
    title: 'A handshake without the token opens the socket as well',
    meaning:
      'You gave a credential, so one is expected; but none is required. Anybody who knows the address gets in, or at least anybody on your network.',
    change:
      'Put "auth_request" into the location that serves this path. Look for a location of its own with "auth_request off", for "satisfy any", and for a more specific location that wins.',
  },
  'self-check-passes': {
    severity: 'ok',
    title: 'A client without a credential on this machine gets in',
    meaning:
      'A server that opens its own public address without cookies (Grist’s self-check) succeeds. Run the same command on another machine to verify that others do not.',
  },
  'self-check-refused': {
    severity: 'warning',
    title: 'A client without a credential on this machine is denied',
    meaning:
      'Grist’s server opens its own public address without cookies to check itself; that check is red, although users get through.',
    change:
      'Nothing, if you accept the red check. Otherwise trust the network of this server’s requests: "networks.trust" of the gate in postern.yaml, beside its "hosts". Look first at the address in nginx’s access log; docs/why-302.md explains when other clients may have the same one.',
  },
  'upgrade-bad-accept': {
    severity: 'fault',
    title: 'The server accepts the handshake incorrectly',
    meaning:
      'The answer is 101, but a header of it is not what RFC 6455, section 4.1, asks for. Clients close at once.',
    change: 'Look for a cache or a proxy that answers, or adds headers, in the server’s place.',
  },
  'upgrade-h2c-refused': {
    severity: 'ok',
    title: 'An upgrade to another protocol opens no tunnel',
    meaning: 'No client can bypass the proxy’s rules inside an h2c connection.',
  },
  'upgrade-h2c-tunnelled': {
    severity: 'fault',
    title: 'An upgrade to h2c is tunnelled to the application',
    meaning:
      'Inside the tunnel a client sends any requests it likes, to any path, and the proxy checks none of them (request smuggling by h2c).',
    change:
      'Pass on "websocket" and nothing else. In http: "map $http_upgrade $safe_upgrade { default \'\'; ~*^websocket$ websocket; } map $http_upgrade $safe_connection { default \'\'; ~*^websocket$ upgrade; }". In the location: "proxy_set_header Upgrade $safe_upgrade; proxy_set_header Connection $safe_connection;".',
  },
  'gate-reason': {
    severity: 'ok',
    title: 'The gate says why it denied the handshake',
    meaning: 'X-Postern-Reason is in the answer.',
  },
  'gate-reason-absent': {
    severity: 'ok',
    title: 'The answer does not say why',
    meaning: 'nginx does not pass on X-Postern-Reason by default. The log of Postern has it.',
    change:
      'To see it here: "auth_request_set $postern_reason $upstream_http_x_postern_reason;" in the location and "add_header X-Postern-Reason $postern_reason always;" in "location @postern_denied". Remove it afterwards.',
  },
} as const satisfies Record<string, FindingRule>;
