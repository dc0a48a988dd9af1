import type { Scope } from './scope.ts';

/** Names under which applications and libraries serve WebSockets. */
const names =
  /\b(?:ws|wss|websockets?|sockjs(?:-node)?|signalr|cable|realtime|comms|subscriptions|graphql-ws|mqtt|push)\b|socket|hubs?\//i;

/** True for a location whose path is one for WebSockets by its name: `/ws`, `/socket.io/`, `/cable`. */
export function isForSockets({ match }: Scope): boolean {
  if (match === undefined || match.kind === 'named') return false;
  return names.test(match.kind === 'regex' ? match.pattern : match.path);
}
