import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runCampaign } from '../../fuzz/campaign.ts';
import type { Replacement } from '../../fuzz/decision/fixture.ts';
import { openDecision } from '../../fuzz/targets/decision.ts';
import { createAnswer } from '../../src/admission/answer.ts';
import { createDecideHandshake } from '../../src/admission/decide-handshake.ts';
import type { DecisionPorts } from '../../src/core/decision/context.ts';
import { resolvePath } from '../../src/core/gate/path.ts';
import { credentialSources } from '../../src/credentials/index.ts';
import { anIdentity, noThrottle } from '../../testkit/examples.ts';
import { noon } from '../../testkit/jwt.ts';

/** Tries inputs on a decision with a hole, and gives the rule that is found broken. */
async function findHole(replace: Replacement): Promise<string> {
  const target = await openDecision(replace);
  try {
    const { failure } = await runCampaign(target, {
      ...{ name: 'decision', seed: 1, inputs: 20_000, deadline: Number.POSITIVE_INFINITY },
      corpus: [],
    });
    return failure?.fault instanceof Error ? failure.fault.message : 'nothing was found';
  } finally {
    await target.close?.();
  }
}

/** The real answer, but for these ports. */
function withPorts(ports: Partial<DecisionPorts>): Replacement {
  return ({ services, events }) => {
    const clock = () => noon;
    const decideHandshake = createDecideHandshake({
      gates: services.gates,
      ports: {
        sources: credentialSources,
        verify: async () => anIdentity(),
        bridgeOf: () => undefined,
        throttle: noThrottle,
        redeem: async () => undefined,
        ...ports,
      },
      ...{ dryThrottle: noThrottle, events, clock },
    });
    return createAnswer({
      ...{ decideHandshake, events, clock },
      renew: async () => {},
      touch: () => {},
      assert: async () => ({ jwt: '', expiresAt: 0 }),
    });
  };
}

test('a verification that knows everybody is found', async () => {
  const found = await findHole(withPorts({ verify: async () => anIdentity({ subject: 'alice' }) }));
  assert.match(found, /who is let in is somebody/);
});

test('a verification that takes one for another is found', async () => {
  const found = await findHole(
    withPorts({ verify: async () => anIdentity({ subject: 'active' }) }),
  );
  assert.match(found, /a good secret stands where the gate looks first/);
});

test('a token that has expired and is taken all the same is found', async () => {
  const found = await findHole(
    withPorts({ verify: async () => anIdentity({ subject: 'expired' }) }),
  );
  assert.match(found, /what is no good is not taken/);
});

test('a gate that forgets its networks is found', async () => {
  const found = await findHole(({ services }) => async (subrequest) => {
    const { handshake } = subrequest;
    if ('verdict' in handshake || !handshake.host.startsWith('office.')) {
      return services.answer(subrequest);
    }
    return services.answer({
      ...subrequest,
      handshake: { ...handshake, clientAddress: '198.51.100.1' },
    });
  });
  assert.match(found, /the network may connect/);
});

test('a cookie from a page of strangers is found', async () => {
  const found = await findHole(({ services }) => async (subrequest) => {
    const { handshake } = subrequest;
    if ('verdict' in handshake) return services.answer(subrequest);
    const origin = `https://${handshake.host}`;
    return services.answer({ ...subrequest, handshake: { ...handshake, origin } });
  });
  assert.match(found, /a cookie needs a page of ours|the origin is listed/);
});

test('a gate that is chosen by the path that nginx resolved alone is found', async () => {
  const found = await findHole(({ services }) => async (subrequest) => {
    const { handshake } = subrequest;
    if ('verdict' in handshake || handshake.path === undefined) return services.answer(subrequest);
    const path = resolvePath(handshake.path)?.replaceAll('%', '%25') ?? handshake.path;
    return services.answer({ ...subrequest, handshake: { ...handshake, path } });
  });
  assert.match(
    found,
    /the gate is at that path|the narrower gate is the one|nobody is let in at a public place only|the token is for that path/,
  );
});

test('a gate that is chosen whatever nginx rewrote is found', async () => {
  const found = await findHole(({ services }) => async (subrequest) => {
    const { handshake } = subrequest;
    if ('verdict' in handshake) return services.answer(subrequest);
    return services.answer({
      ...subrequest,
      handshake: { ...handshake, locationPath: undefined },
    });
  });
  assert.match(
    found,
    /the gate is at that path|the narrower gate is the one|nobody is let in at a public place only/,
  );
});

test('a redirect, a page of errors and a 403 for a handshake are found', async () => {
  const answering = (status: number, name: string): Replacement => {
    return ({ services }) =>
      async (subrequest) => {
        const answer = await services.answer(subrequest);
        if (answer.status === 200) return answer;
        const lines = [...answer.headers, [name, '/'] as const];
        return { status: status as 401, headers: lines };
      };
  };
  assert.match(await findHole(answering(302, 'Location')), /no other status/);
  assert.match(await findHole(answering(500, 'X-Other')), /no other status/);
  assert.match(await findHole(answering(401, 'Location')), /never a redirect/);
  assert.match(await findHole(answering(403, 'X-Other')), /never told 403/);
});

test('a secret in a denial, or in the log, is found', async () => {
  const inAnswer = await findHole(({ services }) => async (subrequest) => {
    const answer = await services.answer(subrequest);
    const { handshake } = subrequest;
    const cookie = 'verdict' in handshake ? '' : (handshake.cookie ?? '');
    return { ...answer, headers: [...answer.headers, ['X-Was', cookie] as const] };
  });
  assert.match(inAnswer, /no secret is in the answer or in the log/);
  const inLog = await findHole(({ services, events }) => async (subrequest) => {
    const { handshake } = subrequest;
    if (!('verdict' in handshake)) events.failed(handshake.authorization ?? '', new Error());
    return services.answer(subrequest);
  });
  assert.match(inLog, /no secret is in the answer or in the log/);
});

test('a handler that throws is found', async () => {
  const found = await findHole(() => async () => {
    throw new RangeError('out of range');
  });
  assert.match(found, /out of range/);
});
