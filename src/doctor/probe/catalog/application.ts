import type { FindingRule } from '../finding-rule.ts';

/** What becomes of a handshake behind the gate: the gate has said yes, and the application speaks. */
export const applicationFindings = {
  'gate-admits': {
    severity: 'ok',
    title: 'The gate admits the credential',
    meaning:
      'Without it the handshake is denied, with it another answer comes. Gates deny handshakes with 401, so this answer is the application’s.',
  },
  'application-refused': {
    severity: 'fault',
    title: 'The gate says yes, and the application refuses the handshake',
    meaning:
      'The credential is good. The application, or the proxy in its place, does not open the socket: it may want a login or a token of its own, another path, a subprotocol, or another Origin.',
    change:
      'Look into the application’s log at this time. Compare with a handshake from the server itself, without the proxy. An application with a token of its own needs it beside this one, under another name (docs/clients.md).',
  },
  'application-refused-host': {
    severity: 'fault',
    title: 'The application does not accept this Host',
    meaning:
      'The application compares Host with a list of names (against DNS rebinding), and the proxy sends one that is not on it.',
    change:
      'Send the name that clients use: "proxy_set_header Host $http_host;" in the location, once, and add it to the application’s list (ALLOWED_HOSTS in Django, "allow_remote_access" in Jupyter, allowedHosts in Vite). Some want a name of their own instead: Syncthing "localhost", qBittorrent its own address and port.',
  },
  'application-refused-origin': {
    severity: 'fault',
    title: 'The application does not accept the Origin of the page',
    meaning:
      'The application compares Origin with the Host that it receives, or with a list. Behind a proxy the two differ when Host was changed or its port was lost, and when the application does not know that clients use https.',
    change:
      'In the location: "proxy_set_header Host $http_host;", once ("$host" loses the port, and without the line the application gets the name in proxy_pass), and "proxy_set_header X-Forwarded-Proto $scheme;". Then add the origin to the application’s own list, where it has one. --origin names another page.',
  },
  'application-wants-login': {
    severity: 'fault',
    title: 'The gate says yes, and the application sends the handshake to a login of its own',
    meaning:
      'The credential is good for the gate. The application has a login as well, and no handshake can follow a redirect there.',
    change:
      'Give the application its own credential beside this one, or let it trust the identity headers that the gate sends (docs/applications.md), or turn its login off behind the gate.',
  },
  'application-drops-upgrade': {
    severity: 'fault',
    title: 'The application answers a page load, and drops the handshake',
    meaning:
      'It can be reached: a page at the same path comes back. With a handshake it closes the connection or sends what nginx cannot read, and nginx makes 502 of that.',
    change:
      '"proxy_http_version 1.1;" and both upgrade headers in the location. If they are there: does the application serve WebSocket at this path and port (some have a port of its own for it), and does its server know it at all (plain WSGI, PHP-FPM and "http.server" do not)? nginx’s error log has "upstream prematurely closed connection" or "upstream sent invalid header".',
  },
  'auth-fails-on-upgrade': {
    severity: 'fault',
    title: 'The auth service answers for a page, and fails for a handshake',
    meaning:
      'A page load is denied in order, a handshake ends with 500: the subrequest carries the Upgrade headers of the client to the auth service, which takes it for a handshake of its own.',
    change:
      'In the location of the auth service: "proxy_set_header Upgrade ""; proxy_set_header Connection "";", and no "include proxy.conf;", which passes them on. The error log has "auth request unexpected status".',
  },
  'credential-not-tested': {
    severity: 'warning',
    title: 'Nothing can be said about the credential',
    meaning:
      'The handshake fails in the same way with it and without it, before anybody looks at it.',
    change: 'Mend first what is said of the handshake without a credential.',
  },
  'token-long': {
    severity: 'warning',
    title: 'The token is long',
    meaning:
      'A request line or a header has to fit into one buffer of nginx (8 KiB), browsers keep no cookie over 4 KiB, and many servers take 8 to 16 KiB of headers altogether. The token stands in one of them.',
    change:
      '"large_client_header_buffers 4 32k;" in nginx, and the same for the application; or a session, or an opaque token, in its place.',
  },
} as const satisfies Record<string, FindingRule>;
