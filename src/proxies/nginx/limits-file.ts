/** `postern-limits-http.conf`. */
export function renderLimitsHttpFile(): string {
  return `# Postern for nginx, optional: limits for handshakes, http context. Include this once, inside http { … },
# and postern-limits.conf in the locations that need limits.
#
# Only WebSocket handshakes count, by client address; page loads do not.

map $http_upgrade $postern_handshake_of {
    default         "";
    ~*^websocket$   $binary_remote_addr;
}
limit_req_zone $postern_handshake_of zone=postern_handshakes:4m rate=5r/s;
limit_conn_zone $postern_handshake_of zone=postern_sockets:4m;
`;
}

/** `postern-limits.conf`. */
export function renderLimitsFile(): string {
  return `# Postern for nginx, optional: limits for handshakes, location context. Needs postern-limits-http.conf.
# Adjust the numbers; many clients may share one address.

# Five handshakes per second and client, after a burst of forty.
limit_req zone=postern_handshakes burst=40 nodelay;
# Open sockets per client.
limit_conn postern_sockets 100;
# Above the limits: 429, without a subrequest to Postern.
limit_req_status 429;
limit_conn_status 429;
error_page 429 = @postern_limited;
`;
}
