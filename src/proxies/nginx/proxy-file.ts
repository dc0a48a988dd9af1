/** `postern-proxy.conf`. */
export function renderProxyFile(): string {
  return `# Postern for nginx, part 4 of 4: location context, beside a proxy_pass to the backend.
#
# WebSocket and ordinary requests through one location. Needs postern-http.conf. Leave it out where
# you have a proxy file of your own; then see to it that only "websocket" reaches the backend as
# Upgrade.

${proxyRules}
`;
}

/** The lines of a location that passes requests and WebSockets on. */
export const proxyRules = `
proxy_http_version 1.1;
proxy_set_header Upgrade $postern_upgrade;
proxy_set_header Connection $postern_connection;
proxy_set_header Host $host$postern_port;
proxy_set_header X-Real-IP $remote_addr;
# The address alone: a list that the client started cannot be believed.
proxy_set_header X-Forwarded-For $remote_addr;
proxy_set_header X-Forwarded-Proto $scheme;
proxy_set_header X-Forwarded-Host $host$postern_port;

# A socket may be silent for a day before nginx closes it.
proxy_read_timeout 1d;
proxy_send_timeout 1d;`.trim();
