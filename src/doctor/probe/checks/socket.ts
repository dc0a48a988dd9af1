import { headerOf } from '../answer.ts';
import { type Finding, finding } from '../finding.ts';
import { type LiveSocket, openSocket } from '../open-socket.ts';
import type { Check, Probe } from '../probe.ts';
import type { ProbeRequest } from '../request.ts';

/** What an open socket does: answers a ping, takes a large message, survives silence. */
export const socket: Check = {
  about: 'open socket',
  async run(probe) {
    if (probe.admitted === undefined) return [];
    const socket = await openSocket(probe, keepChosen(probe, probe.admitted));
    if (typeof socket === 'string') return [finding('socket-closed', probe.sanitize(socket))];
    try {
      return await checkOpenSocket(probe, socket);
    } finally {
      await socket.end();
    }
  },
};

/** An offer that the server did not take up would close the socket again, and has been told of. */
function keepChosen({ attempts }: Probe, request: ProbeRequest): ProbeRequest {
  const outcome = attempts.find((attempt) => attempt.request === request)?.outcome;
  const { 'Sec-WebSocket-Protocol': _, ...headers } = request.headers ?? {};
  const isTaken =
    outcome?.kind === 'answer' && headerOf(outcome.answer, 'sec-websocket-protocol') !== undefined;
  // A token in a subprotocol is what opens this socket.
  const isToken = request.headers?.['Sec-WebSocket-Protocol']?.startsWith('postern.bearer');
  return isTaken || isToken ? request : { ...request, headers };
}

async function checkOpenSocket(probe: Probe, socket: LiveSocket): Promise<Finding[]> {
  const { frame, idle, timeout, sanitize } = probe;
  const ping = await socket.ping(timeout);
  if (ping.kind === 'closed') return [finding('socket-closed', sanitize(ping.how))];
  if (ping.kind === 'silent') {
    return [finding('ping-unanswered', `no pong within ${timeout / 1000} s`)];
  }
  const findings = [finding('ping-answered', `pong after ${ping.after} ms`)];
  if (frame !== undefined) {
    socket.send('x'.repeat(frame));
    const after = await socket.ping(timeout);
    const isAlive = after.kind === 'answered';
    const fate = isAlive
      ? 'pong behind it'
      : after.kind === 'closed'
        ? after.how
        : 'no pong behind it';
    const evidence = `a text message of ${frame} bytes, then ${sanitize(fate)}`;
    findings.push(finding(isAlive ? 'large-frame-passed' : 'large-frame-refused', evidence));
    if (!isAlive) return findings;
  }
  if (idle !== undefined) {
    const { kind, after, received, how } = await socket.idle(idle);
    const seconds = `${Math.round(after / 1000)} s`;
    const words = received === 0 ? '' : `; the server sent ${received} messages or pings meanwhile`;
    const evidence = `${kind === 'cut' ? `${sanitize(how)} after` : 'open for'} ${seconds}${words}`;
    findings.push(finding(kind === 'cut' ? 'idle-cut' : 'idle-survived', evidence));
  }
  return findings;
}
