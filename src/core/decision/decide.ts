import type { MaybePromise } from '../../lib/maybe-promise.ts';
import { matchPublicRoute } from '../gate/public-route.ts';
import { identityWithoutToken } from '../model/identity.ts';
import { type Deny, deny, isDenial, type Verdict } from '../model/verdict.ts';
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

/** One named part of a decision. */
interface Step {
  readonly name: string;
  run(context: DecisionContext): MaybePromise<Deny | undefined>;
  /** Whom it concerns; everybody where it does not say. */
  readonly appliesTo?: (context: DecisionContext) => boolean;
  /** Whether what it denies may be a failed attempt, and is counted. */
  readonly countsAsAttempt?: true;
}

const isNotPublic = ({ basis: grounds }: DecisionContext) => grounds !== 'public';

/** A credential was presented, whoever vouches for it. */
const isKnown = ({ basis: grounds }: DecisionContext) =>
  grounds !== 'public' && grounds !== 'network';
const isToken = ({ basis: grounds }: DecisionContext) =>
  grounds !== 'public' && grounds !== 'network' && grounds !== 'bridge';
const isAdmission = ({ purpose }: DecisionContext) => purpose !== 'sign_in';

/**
 * The steps of every decision, in order: cheap and certain ones first, and the one that cannot be
 * undone (using a ticket up) last, when all else has passed.
 */
const steps: readonly Step[] = [
  { name: 'upgrade', run: checkUpgrade },
  { name: 'networks', run: checkNetworks },
  { name: 'kept token', run: checkQueryTokenRemoved },
  { name: 'public', run: findPublicPlace },
  { name: 'listed origin', run: checkListedOrigin, appliesTo: isNotPublic },
  { name: 'credential', run: findCredential, appliesTo: isNotPublic, countsAsAttempt: true },
  { name: 'cross-site', run: checkCrossSite, appliesTo: isNotPublic },
  { name: 'identity', run: findIdentity, appliesTo: isNotPublic, countsAsAttempt: true },
  { name: 'kind', run: checkKind, appliesTo: (i) => isToken(i) && isAdmission(i) },
  { name: 'bounds', run: checkTokenRestrictions, appliesTo: isToken },
  { name: 'requirements', run: checkRequired, appliesTo: (i) => isKnown(i) && isAdmission(i) },
  { name: 'single use', run: checkSingleUse, appliesTo: isToken },
  { name: 'early data', run: checkEarlyData, appliesTo: isNotPublic },
  { name: 'redemption', run: redeem, appliesTo: isToken },
];

/**
 * Decides on one handshake at one gate, at once where the ports know at once. Throws and rejects only
 * with what the ports do; the caller must treat that as a denial.
 */
export function decide(question: DecisionRequest, ports: DecisionPorts): MaybePromise<Verdict> {
  return runSteps(createContext(question, ports), 0);
}

/**
 * All fields are there from the start and each is named: V8 may take as long to spread the question
 * and to add fields one by one as for all steps.
 */
function createContext(question: DecisionRequest, ports: DecisionPorts): DecisionContext {
  const { handshake, gate, now, purpose, requestId, actor, trace } = question;
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
    const taken = step.run(context);
    if (taken instanceof Promise) {
      return taken.then((denial) => finishStep(step, context, denial) ?? runSteps(context, at + 1));
    }
    const denied = finishStep(step, context, taken);
    if (denied !== undefined) return denied;
  }
  const { basis: grounds, identity } = context;
  // Unreachable while the steps above find both, and a denial all the same if one ever does not.
  if (grounds === undefined || identity === undefined) return deny('internal_error');
  return { verdict: 'allow', identity, source: grounds };
}

function finishStep(
  { name, countsAsAttempt }: Step,
  context: DecisionContext,
  taken: Deny | undefined,
): Deny | undefined {
  const denial =
    taken !== undefined && countsAsAttempt ? countFailedAttempt(taken, context) : taken;
  const outcome = denial === undefined ? 'passed' : 'denied';
  context.trace?.({ step: name, outcome, notes: context.notes ?? [] });
  return denial && withKnown(denial, context, name);
}

/** The names of the steps, in order. */
export const stepNames: readonly string[] = steps.map(({ name }) => name);

function withKnown(
  denial: Deny,
  { basis: grounds, identity }: DecisionContext,
  step: string,
): Deny {
  return {
    ...denial,
    step,
    ...(identity && { identity }),
    ...(grounds && { source: grounds }),
  };
}

function findPublicPlace(context: DecisionContext): Deny | undefined {
  const found = matchPublicRoute(context.gate.publicRoutes, context.handshake);
  if (isDenial(found)) return found;
  if (!found) {
    addTraceNote(context, 'a credential is needed');
    return undefined;
  }
  context.basis = 'public';
  context.identity = identityWithoutToken('public', '');
  addTraceNote(context, 'anybody may');
  return undefined;
}

function checkTokenRestrictions({
  handshake,
  gate,
  identity,
  purpose,
}: DecisionContext): Deny | undefined {
  if (identity === undefined) return deny('no_credential');
  return checkRestrictions(
    identity.restrictions,
    handshake,
    purpose === 'sign_in' ? undefined : gate.name,
  );
}

function checkRequired({ gate, identity }: DecisionContext): Deny | undefined {
  return identity === undefined
    ? deny('no_credential')
    : checkRequirements(gate.requirements, identity);
}

function redeem(context: DecisionContext): MaybePromise<Deny | undefined> {
  const { gate, identity, ports } = context;
  if (identity === undefined) return deny('no_credential');
  const isOnce = gate.jwtSingleUse && identity.jwt !== undefined;
  if (identity.maxUses === undefined && !isOnce) return undefined;
  addTraceNote(context, 'one use');
  return ports.redeem(identity, context);
}
