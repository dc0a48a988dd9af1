import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ListenAddress } from '../../src/config/listen-address.ts';
import type { Handshake } from '../../src/core/gate/handshake.ts';
import type { Identity } from '../../src/core/model/identity.ts';
import type { BridgeSettings } from '../../src/core/model/sign-on-settings.ts';
import { type Deny, isDenial } from '../../src/core/model/verdict.ts';
import { createBridge, type ServiceBridge } from '../../src/sign-on/bridge.ts';
import { temporaryDirectory } from '../../testkit/directory.ts';
import { aGate, aHandshake } from '../../testkit/examples.ts';
import { ask, type GateAnswer, handshakeHeaders } from '../../testkit/postern/ask.ts';
import type { Scope } from '../../testkit/scope.ts';
import { startAnswering } from '../../testkit/sign-on/answering-server.ts';
import { sessions } from '../../testkit/sign-on/users.ts';

/** A bridge as a test needs it. */
export interface TestBridge extends ServiceBridge {
  /** What was reported so far: why it cannot be asked, or `fine`. */
  readonly reports: string[];
  /** Asks as a gate would: with the service's own cookies out of these. */
  about(
    facts?: Partial<Handshake>,
    now?: number,
    authorization?: string,
    mayDoExpensiveWork?: () => boolean,
  ): Promise<Identity | Deny>;
}

/** Settings of a bridge as they are by default, but for these. */
export function settingsOf(settings: Partial<BridgeSettings> & { url: string }): BridgeSettings {
  return {
    service: 'tinyauth',
    headers: 'original',
    cookies: undefined,
    answerHeaders: {},
    login: undefined,
    timeout: 5_000,
    maxRequests: 64,
    keepConnections: true,
    cacheTtl: 0,
    custom: undefined,
    ...settings,
  };
}

/** Builds a bridge and closes it after the test. */
export function openBridge(
  t: Scope,
  settings: Partial<BridgeSettings> & { url: string },
): TestBridge {
  const reports: string[] = [];
  const bridge = createBridge(settingsOf(settings), {
    gate: aGate(),
    onHealthChange: (_service, why) => reports.push(why ?? 'fine'),
    onRequest: () => {},
  });
  t.after(() => bridge.close());
  return {
    ...bridge,
    reports,
    about: (facts = {}, now = 0, authorization = undefined, mayDoExpensiveWork = () => true) => {
      const handshake = aHandshake(facts);
      return bridge.ask(
        { handshake, cookies: bridge.selectCookies(handshake.cookie), authorization },
        now,
        mayDoExpensiveWork,
      );
    },
  };
}

/** Who it is, or why not. */
export function outcomeOf(answer: Identity | Deny): string {
  return isDenial(answer) ? answer.reason : answer.subject;
}

/** A service where alice is signed in until she signs out, and a configuration with gates before it. */
export async function startCached(t: Scope) {
  let isSignedIn = true;
  const server = await startAnswering(t, (_question, response) => {
    if (isSignedIn) response.writeHead(200, { 'remote-user': 'alice' }).end();
    else response.writeHead(401).end();
  });
  const config = join(temporaryDirectory(t), 'postern.yaml');
  const bridge = `{ service: tinyauth, url: "${server.url}", cache: 60s }`;
  writeFileSync(
    config,
    `gates:
  admin: { hosts: [admin.example.com], sources: [bridge], bridge: ${bridge} }
  other: { hosts: [other.example.com], sources: [bridge], bridge: ${bridge} }
  plain: { hosts: [plain.example.com] }
`,
  );
  const signOut = () => {
    isSignedIn = false;
  };
  return { server, config, signOut };
}

/** A handshake of alice at a gate. */
export function knock(gate: ListenAddress, name = 'admin'): Promise<GateAnswer> {
  const host = `${name}.example.com`;
  return ask(gate, {
    ...handshakeHeaders,
    host,
    origin: `https://${host}`,
    cookie: sessions.tinyauth.alice,
  });
}
