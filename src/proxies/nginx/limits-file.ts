/** `postern-limits-http.conf`. */
export function renderLimitsHttpFile(): string {
  return `# Postern for nginx, optional: bounds for handshakes, http context. Include this once, inside http { … },
# and postern-limits.conf in the locations that are to have bounds.
#
# Only what asks for a WebSocket counts, by the client's address; pages and their files do not.

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
  return `# Postern for nginx, optional: bounds for handshakes, location context. Needs postern-limits-http.conf.
# Write your own numbers; many clients may share one address.

# Five handshakes a second and client, after a first forty.
limit_req zone=postern_handshakes burst=40 nodelay;
# Open sockets of one client.
limit_conn postern_sockets 100;
# What is too much gets 429, without a question to Postern.
limit_req_status 429;
limit_conn_status 429;
error_page 429 = @postern_limited;
`;
}
