# 101: the handshake passed, and the socket stays open until --max-time. 401: it was denied.
curl --http1.1 --include --max-time 2 \
  --header "Authorization: Bearer $TOKEN" \
  --header 'Connection: Upgrade' --header 'Upgrade: websocket' \
  --header 'Sec-WebSocket-Version: 13' --header 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==' \
  "https://$HOST/ws"
