/** The token travels as a subprotocol; "postern" is the one that the browser is answered with. */
export function connect(token) {
  return new WebSocket(`wss://${location.host}/ws`, ['postern', `postern.bearer.${token}`]);
}

/** Beside a subprotocol of your own, which your server chooses as it always does. */
export function connectToChat(token) {
  return new WebSocket(`wss://${location.host}/ws`, ['chat.v2', `postern.bearer.${token}`]);
}
