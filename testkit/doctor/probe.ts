import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { type ServerOptions, WebSocketServer } from 'ws';
import type { FindingCode } from '../../src/doctor/probe/catalog.ts';
import type { Finding } from '../../src/doctor/probe/finding.ts';
import { type Report, runProbe } from '../../src/doctor/probe/run-probe.ts';
import type { ProbeSettings } from '../../src/doctor/probe/settings.ts';
import { ownOrigin, parseTarget } from '../../src/doctor/probe/target.ts';
import type { NginxProcess } from '../../src/proxies/nginx/process.ts';
import { startTestNginx } from '../nginx/nginx.ts';
import type { Scope } from '../scope.ts';

/** Settings of a probe that differ from the command's own. */
export type Differences = Partial<Omit<ProbeSettings, 'target'>> & { readonly connect?: string };

/** Runs the probe as the command does, with less patience. */
export function probe(url: string, { connect, ...settings }: Differences = {}): Promise<Report> {
  const target = parseTarget(url, connect);
  if ('problem' in target) throw new Error(target.problem);
  return runProbe({
    target,
    timeout: 5_000,
    origin: ownOrigin(target),
    queryName: 'token',
    cookieName: 'postern_token',
    protocols: [],
    gateReason: false,
    fromServer: false,
    ...settings,
  });
}

/** The codes of a report, in its order. */
export function reportCodes({ findings }: Report): FindingCode[] {
  return findings.map(({ code }) => code);
}

/** The finding with this code. Fails, showing the others, when there is none. */
export function findingOf(report: Report, code: FindingCode): Finding {
  const found = report.findings.find((finding) => finding.code === code);
  const all = report.findings.map((one) => `${one.code}: ${one.evidence}`).join('\n');
  assert.ok(found, `no ${code} among\n${all}`);
  return found;
}

/** Starts a WebSocket server that sends back what it gets, and refuses everything else with 426. */
export async function startEcho(
  t: Scope,
  options: ServerOptions = {},
): Promise<{ port: number; webSockets: WebSocketServer }> {
  const webSockets = new WebSocketServer({ host: '127.0.0.1', port: 0, ...options });
  webSockets.on('connection', (socket) => {
    socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }));
    socket.on('error', () => socket.terminate());
  });
  await once(webSockets, 'listening');
  t.after(() => {
    for (const socket of webSockets.clients) socket.terminate();
    webSockets.close();
  });
  return { port: (webSockets.address() as AddressInfo).port, webSockets };
}

/** Starts nginx with the lines of a server block. */
export async function startPlainNginx(
  t: Scope,
  server: string,
  { listen = '', http = '' }: { listen?: string; http?: string } = {},
): Promise<{ nginx: NginxProcess; url: string }> {
  const nginx = await startTestNginx(t, {
    http: (port) => `
      access_log off;
      ${http}
      server { listen 127.0.0.1:${port} ${listen}; ${server.replaceAll('$PORT', String(port))} }`,
  });
  return { nginx, url: `ws://127.0.0.1:${nginx.port}/ws` };
}
