import type { Handshake } from '../../src/core/gate/handshake.ts';
import type { Identity } from '../../src/core/model/identity.ts';
import type { BridgeSettings } from '../../src/core/model/sign-on-settings.ts';
import { type Deny, isDenial } from '../../src/core/model/verdict.ts';
import { createBridge, type ServiceBridge } from '../../src/sign-on/bridge.ts';
import { aGate, aHandshake } from '../../testkit/examples.ts';
import type { Scope } from '../../testkit/scope.ts';

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
