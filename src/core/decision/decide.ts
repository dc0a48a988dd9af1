import type { MaybePromise } from '../../lib/maybe-promise.ts';
import { matchPublicRoute } from '../gate/public-route.ts';
import { identityWithoutToken } from '../model/identity.ts';
import { type Allow, type Deny, deny, isDenial, type Verdict } from '../model/verdict.ts';
import {
  checkCrossSite,
  checkEarlyData,
  checkKind,
  checkListedOrigin,
  checkNetworks,
  checkQueryTokenRemoved,
  checkSingleUse,
  checkUpgrade,
} from './checks.ts';
import {
  addTraceNote,
  type DecisionContext,
  type DecisionPorts,
  type DecisionRequest,
} from './context.ts';
import { countFailedAttempt } from './failed-attempts.ts';
import { findCredential } from './find-credential.ts';
import { findIdentity } from './find-identity.ts';
import { checkRequirements } from './requirements.ts';
import { checkRestrictions } from './restrictions.ts';

/** One named step of a decision. */
interface Step {
  /** Shown in traces and denials. */
  readonly name: string;
  run(context: DecisionContext): MaybePromise<Deny | undefined>;
  /** Condition for the step; without one, it always runs. */
  readonly appliesTo?: (context: DecisionContext) => boolean;
  /** Whether a denial by this step may be a failed attempt for the throttle. */
  readonly countsAsAttempt?: true;
}

const isNotPublic = ({ basis }: DecisionContext) => basis !== 'public';
/** A credential was presented, to Postern or to a sign-on service. */
const hasCredential = ({ basis }: DecisionContext) => basis !== 'public' && basis !== 'network';
/** A token or JWT was presented to Postern. */
const hasToken = (context: DecisionContext) => hasCredential(context) && context.basis !== 'bridge';
const isAdmission = ({ purpose }: DecisionContext) => purpose !== 'sign_in';

/**
 * The steps of every decision, in order: cheap ones first, and the one that cannot be undone, redemption,
 * last, when all others have passed.
 */
const steps: readonly Step[] = [
  { name: 'upgrade', run: checkUpgrade },
  { name: 'networks', run: checkNetworks },
  { name: 'kept token', run: checkQueryTokenRemoved },
  { name: 'public', run: checkPublicRoute },
  { name: 'listed origin', run: checkListedOrigin, appliesTo: isNotPublic },
  { name: 'credential', run: findCredential, appliesTo: isNotPublic, countsAsAttempt: true },
  { name: 'cross-site', run: checkCrossSite, appliesTo: isNotPublic },
  { name: 'identity', run: findIdentity, appliesTo: isNotPublic, countsAsAttempt: true },
  { name: 'kind', run: checkKind, appliesTo: (c) => hasToken(c) && isAdmission(c) },
  { name: 'bounds', run: checkTokenRestrictions, appliesTo: hasToken },
  {
    name: 'requirements',
    run: checkGateRequirements,
    appliesTo: (c) => hasCredential(c) && isAdmission(c),
  },
  { name: 'single use', run: checkSingleUse, appliesTo: hasToken },
  { name: 'early data', run: checkEarlyData, appliesTo: isNotPublic },
  { name: 'redemption', run: redeem, appliesTo: hasToken },
];

/** The names of the steps, in order. */
export const stepNames: readonly string[] = steps.map(({ name }) => name);

/**
 * Decides on one handshake at one gate, synchronously where the ports answer synchronously. Throws and
 * rejects only with errors of the ports; the caller must treat those as a denial.
 */
export function decide(request: DecisionRequest, ports: DecisionPorts): MaybePromise<Verdict> {
  return runSteps(createContext(request, ports), 0);
}

/**
 * Names each field and creates all at once: in V8, spreading the request and adding fields one by one may
 * take as long as all steps.
 */
function createContext(request: DecisionRequest, ports: DecisionPorts): DecisionContext {
  const { handshake, gate, now, purpose, requestId, actor, trace } = request;
  return {
    handshake,
    gate,
    now,
    purpose,
    requestId,
    actor,
    trace,
    ports,
    basis: undefined,
    credential: undefined,
    bridgeRequest: undefined,
    identity: undefined,
    setCookies: undefined,
    notes: undefined,
  };
}

function runSteps(context: DecisionContext, from: number): MaybePromise<Verdict> {
  for (let at = from; at < steps.length; at++) {
    const step = steps[at] as Step;
    if (context.trace !== undefined) context.notes = [];
    if (step.appliesTo !== undefined && !step.appliesTo(context)) {
      context.trace?.({ step: step.name, outcome: 'skipped', notes: [] });
      continue;
    }
    const result = step.run(context);
    if (result instanceof Promise) {
      return result.then(
        (denial) => finishStep(step, context, denial) ?? runSteps(context, at + 1),
      );
    }
    const denied = finishStep(step, context, result);
    if (denied !== undefined) return denied;
  }
  const { basis, identity, setCookies } = context;
  // Unreachable while the steps set both. Fails closed if one ever does not.
  if (basis === undefined || identity === undefined) return deny('internal_error');
  const allow: Allow = { verdict: 'allow', identity, source: basis };
  return setCookies === undefined ? allow : { ...allow, setCookies };
}

/** Counts and traces the result of a step, and completes a denial. */
function finishStep(
  { name, countsAsAttempt }: Step,
  context: DecisionContext,
  result: Deny | undefined,
): Deny | undefined {
  const denial =
    result !== undefined && countsAsAttempt ? countFailedAttempt(result, context) : result;
  const outcome = denial === undefined ? 'passed' : 'denied';
  context.trace?.({ step: name, outcome, notes: context.notes ?? [] });
  return denial && completeDenial(denial, context, name);
}

function completeDenial(denial: Deny, { basis, identity }: DecisionContext, step: string): Deny {
  return { ...denial, step, ...(identity && { identity }), ...(basis && { source: basis }) };
}

function checkPublicRoute(context: DecisionContext): Deny | undefined {
  const isPublic = matchPublicRoute(context.gate.publicRoutes, context.handshake);
  if (isDenial(isPublic)) return isPublic;
  if (!isPublic) {
    addTraceNote(context, 'a credential is needed');
    return undefined;
  }
  context.basis = 'public';
  context.identity = identityWithoutToken('public', '');
  addTraceNote(context, 'public');
  return undefined;
}

function checkTokenRestrictions({
  handshake,
  gate,
  identity,
  purpose,
}: DecisionContext): Deny | undefined {
  if (identity === undefined) return deny('no_credential');
  const gateName = purpose === 'sign_in' ? undefined : gate.name;
  return checkRestrictions(identity.restrictions, handshake, gateName);
}

function checkGateRequirements({ gate, identity }: DecisionContext): Deny | undefined {
  return identity === undefined
    ? deny('no_credential')
    : checkRequirements(gate.requirements, identity);
}

function redeem(context: DecisionContext): MaybePromise<Deny | undefined> {
  const { gate, identity, ports } = context;
  if (identity === undefined) return deny('no_credential');
  const isSingleUseJwt = gate.jwtSingleUse && identity.jwt !== undefined;
  if (identity.maxUses === undefined && !isSingleUseJwt) return undefined;
  addTraceNote(context, 'one use');
  return ports.redeem(identity, context);
}
