import type { AnswerSubrequest } from '../admission/answer.ts';
import type { DecisionPorts } from '../core/decision/context.ts';
import type { Bridge } from '../core/decision/sign-on.ts';
import type { Tracing } from '../telemetry/tracing/tracing.ts';

/** Wraps the ports that wait for something in spans. */
export function tracePorts(ports: DecisionPorts, tracing: Tracing): DecisionPorts {
  const bridges = new WeakMap<Bridge, Bridge>();
  return {
    ...ports,
    verify: (credential, ...more) =>
      tracing.span({ name: 'postern.verify', source: credential.source }, () =>
        ports.verify(credential, ...more),
      ),
    redeem: (identity, use) =>
      tracing.span({ name: 'postern.redeem' }, () => ports.redeem(identity, use)),
    bridgeOf(gate) {
      const bridge = ports.bridgeOf(gate);
      if (bridge === undefined || gate.bridge === undefined) return bridge;
      const known = bridges.get(bridge);
      if (known !== undefined) return known;
      const { service } = gate.bridge;
      const traced: Bridge = {
        ...bridge,
        ask: (...args) =>
          tracing.span({ name: 'postern.bridge', service }, () => bridge.ask(...args)),
      };
      bridges.set(bridge, traced);
      return traced;
    },
  };
}

/** Wraps each answer in a span. */
export function traceAnswer(answer: AnswerSubrequest, tracing: Tracing): AnswerSubrequest {
  return (subrequest) => tracing.decision(subrequest.trace, () => answer(subrequest));
}
