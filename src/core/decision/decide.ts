import type { MaybePromise } from '../../lib/maybe-promise.ts';
import { findPublic } from '../gate/public-place.ts';
import { bareIdentity } from '../model/identity.ts';
import { type Deny, deny, isDenial, type Verdict } from '../model/verdict.ts';
import { checkRestrictions } from './bounds.ts';
import {
  checkCrossSite,
  checkEarlyData,
  checkKeptToken,
  checkKind,
  checkListedOrigin,
  checkNetworks,
  checkSingleUse,
  checkUpgrade,
} from './checks.ts';
import { type DecisionContext, type DecisionPorts, type DecisionRequest, note } from './context.ts';
import { countDenial } from './count-denial.ts';
import { findCredential } from './find-credential.ts';
import { findIdentity } from './find-identity.ts';
import { checkRequirements } from './requirements.ts';

/** One named part of a decision. */
interface Step {
  readonly name: string;
  take(context: DecisionContext): MaybePromise<Deny | undefined>;
  /** Whom it concerns; everybody where it does not say. */
  readonly concerns?: (context: DecisionContext) => boolean;
  /** Whether what it denies may be a failed attempt, and is counted. */
  readonly counts?: true;
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
  { name: 'upgrade', take: checkUpgrade },
  { name: 'networks', take: checkNetworks },
  { name: 'kept token', take: checkKeptToken },
  { name: 'public', take: findPublicPlace },
  { name: 'listed origin', take: checkListedOrigin, concerns: isNotPublic },
  { name: 'credential', take: findCredential, concerns: isNotPublic, counts: true },
  { name: 'cross-site', take: checkCrossSite, concerns: isNotPublic },
  { name: 'identity', take: findIdentity, concerns: isNotPublic, counts: true },
  { name: 'kind', take: checkKind, concerns: (i) => isToken(i) && isAdmission(i) },
  { name: 'bounds', take: checkTokenBounds, concerns: isToken },
  { name: 'requirements', take: checkRequired, concerns: (i) => isKnown(i) && isAdmission(i) },
  { name: 'single use', take: checkSingleUse, concerns: isToken },
  { name: 'early data', take: checkEarlyData, concerns: isNotPublic },
  { name: 'redemption', take: redeem, concerns: isToken },
];

/**
 * Decides on one handshake at one gate, at once where the ports know at once. Throws and rejects only
 * with what the ports do; the caller must treat that as a denial.
 */
export function decide(question: DecisionRequest, ports: DecisionPorts): MaybePromise<Verdict> {
  return takeSteps(inquire(question, ports), 0);
}

/**
 * All fields are there from the start and each is named: V8 may take as long to spread the question
 * and to add fields one by one as for all steps.
 */
function inquire(question: DecisionRequest, ports: DecisionPorts): DecisionContext {
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
    bridged: undefined,
    identity: undefined,
    notes: undefined,
  };
}

function takeSteps(context: DecisionContext, from: number): MaybePromise<Verdict> {
  for (let at = from; at < steps.length; at++) {
    const step = steps[at] as Step;
    if (context.trace !== undefined) context.notes = [];
    if (step.concerns !== undefined && !step.concerns(context)) {
      context.trace?.({ step: step.name, outcome: 'skipped', notes: [] });
      continue;
    }
    const taken = step.take(context);
    if (taken instanceof Promise) {
      return taken.then((denial) => finish(step, context, denial) ?? takeSteps(context, at + 1));
    }
    const denied = finish(step, context, taken);
    if (denied !== undefined) return denied;
  }
  const { basis: grounds, identity } = context;
  // Unreachable while the steps above find both, and a denial all the same if one ever does not.
  if (grounds === undefined || identity === undefined) return deny('internal_error');
  return { verdict: 'allow', identity, source: grounds };
}

function finish(
  { name, counts }: Step,
  context: DecisionContext,
  taken: Deny | undefined,
): Deny | undefined {
  const denial = taken !== undefined && counts ? countDenial(taken, context) : taken;
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
  const found = findPublic(context.gate.publicPlaces, context.handshake);
  if (isDenial(found)) return found;
  if (!found) {
    note(context, 'a credential is needed');
    return undefined;
  }
  context.basis = 'public';
  context.identity = bareIdentity('public', '');
  note(context, 'public');
  return undefined;
}

function checkTokenBounds({
  handshake,
  gate,
  identity,
  purpose,
}: DecisionContext): Deny | undefined {
  if (identity === undefined) return deny('no_credential');
  return checkRestrictions(
    identity.bounds,
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
  note(context, 'one use');
  return ports.redeem(identity, context);
}
