import type { Awaitable } from '../../lib/maybe-promise.ts';
import { findPublic } from '../gate/public-place.ts';
import { bareIdentity } from '../model/identity.ts';
import { type Deny, deny, isDenial, type Verdict } from '../model/verdict.ts';
import { checkBounds } from './bounds.ts';
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
import { type DecisionPorts, type Inquiry, note, type Question } from './context.ts';
import { countDenial } from './count-denial.ts';
import { findCredential } from './find-credential.ts';
import { findIdentity } from './find-identity.ts';
import { checkRequirements } from './requirements.ts';

/** One named part of a decision. */
interface Step {
  readonly name: string;
  take(inquiry: Inquiry): Awaitable<Deny | undefined>;
  /** Whom it concerns; everybody where it does not say. */
  readonly concerns?: (inquiry: Inquiry) => boolean;
  /** Whether what it denies may be a failed attempt, and is counted. */
  readonly counts?: true;
}

const isNotPublic = ({ grounds }: Inquiry) => grounds !== 'public';

/** A credential was presented, whoever vouches for it. */
const isKnown = ({ grounds }: Inquiry) => grounds !== 'public' && grounds !== 'network';
const isToken = ({ grounds }: Inquiry) =>
  grounds !== 'public' && grounds !== 'network' && grounds !== 'bridge';
const isAdmission = ({ purpose }: Inquiry) => purpose !== 'sign_in';

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
export function decide(question: Question, ports: DecisionPorts): Awaitable<Verdict> {
  return takeSteps(inquire(question, ports), 0);
}

/**
 * All fields are there from the start and each is named: V8 may take as long to spread the question
 * and to add fields one by one as for all steps.
 */
function inquire(question: Question, ports: DecisionPorts): Inquiry {
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
    grounds: undefined,
    credential: undefined,
    bridged: undefined,
    identity: undefined,
    notes: undefined,
  };
}

function takeSteps(inquiry: Inquiry, from: number): Awaitable<Verdict> {
  for (let at = from; at < steps.length; at++) {
    const step = steps[at] as Step;
    if (inquiry.trace !== undefined) inquiry.notes = [];
    if (step.concerns !== undefined && !step.concerns(inquiry)) {
      inquiry.trace?.({ step: step.name, outcome: 'skipped', notes: [] });
      continue;
    }
    const taken = step.take(inquiry);
    if (taken instanceof Promise) {
      return taken.then((denial) => finish(step, inquiry, denial) ?? takeSteps(inquiry, at + 1));
    }
    const denied = finish(step, inquiry, taken);
    if (denied !== undefined) return denied;
  }
  const { grounds, identity } = inquiry;
  // Unreachable while the steps above find both, and a denial all the same if one ever does not.
  if (grounds === undefined || identity === undefined) return deny('internal_error');
  return { verdict: 'allow', identity, source: grounds };
}

function finish(
  { name, counts }: Step,
  inquiry: Inquiry,
  taken: Deny | undefined,
): Deny | undefined {
  const denial = taken !== undefined && counts ? countDenial(taken, inquiry) : taken;
  const outcome = denial === undefined ? 'passed' : 'denied';
  inquiry.trace?.({ step: name, outcome, notes: inquiry.notes ?? [] });
  return denial && withKnown(denial, inquiry, name);
}

/** The names of the steps, in order. */
export const stepNames: readonly string[] = steps.map(({ name }) => name);

function withKnown(denial: Deny, { grounds, identity }: Inquiry, step: string): Deny {
  return {
    ...denial,
    step,
    ...(identity && { identity }),
    ...(grounds && { source: grounds }),
  };
}

function findPublicPlace(inquiry: Inquiry): Deny | undefined {
  const found = findPublic(inquiry.gate.publicPlaces, inquiry.handshake);
  if (isDenial(found)) return found;
  if (!found) {
    note(inquiry, 'a credential is needed');
    return undefined;
  }
  inquiry.grounds = 'public';
  inquiry.identity = bareIdentity('public', '');
  note(inquiry, 'anybody may');
  return undefined;
}

function checkTokenBounds({ handshake, gate, identity, purpose }: Inquiry): Deny | undefined {
  if (identity === undefined) return deny('no_credential');
  return checkBounds(identity.bounds, handshake, purpose === 'sign_in' ? undefined : gate.name);
}

function checkRequired({ gate, identity }: Inquiry): Deny | undefined {
  return identity === undefined
    ? deny('no_credential')
    : checkRequirements(gate.requirements, identity);
}

function redeem(inquiry: Inquiry): Awaitable<Deny | undefined> {
  const { gate, identity, ports } = inquiry;
  if (identity === undefined) return deny('no_credential');
  const isOnce = gate.jwtSingleUse && identity.jwt !== undefined;
  if (identity.maxUses === undefined && !isOnce) return undefined;
  note(inquiry, 'one use');
  return ports.redeem(identity, inquiry);
}
