/** `postern-proxy.conf`. */
export function renderProxyFile(): string {
  return `# Postern for nginx, part 4 of 4: location context, with the proxy_pass to the backend.
#
# For WebSockets and ordinary requests in one location. Needs postern-http.conf. Leave it out if you have
# a proxy file of your own; then make sure that the backend gets no Upgrade but "websocket".

${proxyRules}
`;
}

/** The directives that pass requests and WebSockets on. */
export const proxyRules = `
proxy_http_version 1.1;
proxy_set_header Upgrade $postern_upgrade;
proxy_set_header Connection $postern_connection;
proxy_set_header Host $postern_host;
proxy_set_header X-Real-IP $remote_addr;
# Only the client's address: a list that the client sent is not trustworthy.
proxy_set_header X-Forwarded-For $remote_addr;
proxy_set_header X-Forwarded-Proto $scheme;
proxy_set_header X-Forwarded-Host $host$postern_port;

# Idle sockets are closed after a day.
proxy_read_timeout 1d;
proxy_send_timeout 1d;`.trim();
