import type { Directive } from '../../../proxies/nginx/syntax/index.ts';
import { describe, headOf } from '../analysis.ts';
import { type Edit, insertInto } from '../edit.ts';
import type { Report } from '../finding.ts';
import { bodyLimit } from '../model/body-limit.ts';
import { readErrorPage } from '../model/error-page.ts';
import { backendOf } from '../model/protection.ts';
import type { Question } from '../model/question.ts';
import type { Scope } from '../model/scope.ts';
import { isYes, type SubrequestOutcome, type SubrequestState } from '../model/subrequest.ts';
import type { Rule } from '../rule.ts';

/** What nginx says itself while a service is down, hangs, or cannot be reached. */
const ofNginx = [500, 502, 504];

/** A 2xx of an error page is a yes. */
export const questionErrorPage: Rule = {
  code: 'PD028',
  title: 'An error page answers the question in place of the auth service',
  severities: ['fault', 'warning'],
  *find({ configuration, questions }) {
    const mended = new Set<Scope>();
    for (const question of questions) {
      for (const outcome of question.outcomes) {
        if (outcome.kind !== 'handled' || outcome.by?.name.endsWith('_pass') !== true) continue;
        const { view, state } = outcome;
        const location = view.nearest('location');
        // A file that is not there may hold the location's own error pages.
        const isUnread = location?.directives.some(({ name }) => name === 'include') === true;
        const isAstray = state.diverted !== undefined && !question.arrives(outcome);
        if (isAstray || location === undefined || isUnread) continue;
        yield* judgePages(question, { view, state, location, pass: outcome.by.name });
      }
    }

    function* judgePages(question: Question, asked: Asked): Generator<Report> {
      const found = new Map<Directive, Found>();
      for (const { status, isSure } of statusesOf(question, asked)) {
        const outcomes = question.subrequest.fail(status, asked.view, asked.state);
        // Where every way ends in a yes, it does not matter which one is taken.
        const isAlways = asked.state.certain && outcomes.every(isYes);
        for (const outcome of outcomes) {
          const at = outcome.state.trace[asked.state.trace.length];
          if (at === undefined || !isYes(outcome)) continue;
          const isCertain = outcome.kind !== 'unknown' && (isAlways || outcome.state.certain);
          const isFault = isSure && isCertain && !isSpare(asked, at, outcome);
          const before = found.get(at);
          const statuses = [...new Set([...(before?.statuses ?? []), status])];
          const better = before === undefined || (isFault && !before.isFault);
          found.set(at, {
            ...(better ? { outcome, isFault } : before),
            statuses,
          });
        }
      }
      for (const [at, one] of found) yield report(asked, at, one);
    }

    function report(asked: Asked, at: Directive, found: Found): Report {
      const { location } = asked;
      const { outcome, statuses, isFault } = found;
      const isOwn = isInside(asked, at);
      const hook = interceptOf(asked);
      const lines = [
        'error_page 599 /;',
        ...(hook === undefined || isInside(asked, hook) ? [] : [`${hook.name} off;`]),
      ];
      const edits: Edit[] =
        isOwn || mended.has(location) ? [] : [insertInto(headOf(location), ...lines)];
      mended.add(location);
      return {
        severity: isFault ? 'fault' : 'warning',
        at,
        about: describe(location),
        because: [
          ...(hook !== undefined && statuses.some(isDenial) ? [hook] : []),
          ...outcome.state.trace.slice(asked.state.trace.length + 1),
        ],
        meaning: `${isOwn ? 'This page' : 'The auth location has no error_page of its own, so this one is in force there. It'} answers nginx's question when ${when(statuses)}: ${whatAnswers(outcome)}. Any status of 200 to 299 admits, so that lets everybody in.`,
        change: isOwn
          ? `Take ${statuses.join(', ')} out of this line, or let the page keep the status (without "=").`
          : `Put into the auth location an error_page for a status that nothing has, which drops the inherited ones: ${lines.join(' ')}`,
        ...(edits.length > 0 && { edits }),
      };
    }

    function whatAnswers(outcome: SubrequestOutcome): string {
      const { fixed } = outcome.state;
      if (outcome.kind === 'unknown') return `with what cannot be known (${outcome.why})`;
      if (outcome.kind === 'answered') return `with ${outcome.status}`;
      if (fixed !== undefined) return `with ${fixed}, which the line fixes`;
      if (outcome.by === undefined) return 'with a file, and that is a 200';
      const { view } = outcome;
      const backend = backendOf(configuration, { view, environment: new Map() });
      return `with whatever status ${backend ?? outcome.by.name} has, in ${view.title}`;
    }
  },
};

/** Where the question is sent to the auth service. */
interface Asked {
  readonly view: Scope;
  readonly state: SubrequestState;
  readonly location: Scope;
  /** `proxy_pass`, or what stands in its place. */
  readonly pass: string;
}

interface Found {
  readonly outcome: SubrequestOutcome;
  readonly isFault: boolean;
  readonly statuses: readonly number[];
}

/** A second service, named on purpose in the auth location itself. */
function isSpare(asked: Asked, at: Directive, outcome: SubrequestOutcome): boolean {
  const isBackend = outcome.kind === 'handled' && outcome.by !== undefined;
  return isBackend && outcome.state.fixed === undefined && isInside(asked, at);
}

/** True for a directive in the auth location itself. */
function isInside({ view, location }: Asked, directive: Directive): boolean {
  return view.directives.includes(directive) || location.directives.includes(directive);
}

/** `proxy_intercept_errors on`, with which error pages answer for the service's own statuses. */
function interceptOf({ view, pass }: Asked): Directive | undefined {
  const name = `${pass.replace(/_pass$/, '')}_intercept_errors`;
  const line = view.effective(name).at(-1);
  return line?.args[0] === 'on' ? line : undefined;
}

/** Statuses that may come up while the question is asked. */
function statusesOf(question: Question, asked: Asked): { status: number; isSure: boolean }[] {
  const { view } = asked;
  const named = new Set(view.effective('error_page').flatMap((one) => readErrorPage(one).codes));
  const isIntercepted = interceptOf(asked) !== undefined;
  const limits = ['limit_req', 'limit_conn'].some((name) => view.effective(name).length > 0);
  return [...named].flatMap((status) => {
    const isSure =
      ofNginx.includes(status) ||
      (isIntercepted && (isDenial(status) || status === 503)) ||
      (status === 413 && acceptsMore(question, asked));
    const mayBe = isIntercepted || (limits && (status === 503 || status === 429));
    return isSure || mayBe ? [{ status, isSure }] : [];
  });
}

/** A body that the protected location takes and the auth location does not: nginx says 413 there. */
function acceptsMore({ from }: Question, { view }: Asked): boolean {
  return from.some((scope) => bodyLimit(scope) > bodyLimit(view));
}

function isDenial(status: number): boolean {
  return status === 401 || status === 403;
}

function when(statuses: readonly number[]): string {
  const denials = statuses.filter(isDenial);
  const errors = statuses.filter((status) => !isDenial(status));
  return [
    ...(denials.length > 0 ? [`the auth service denies (${denials.join(', ')})`] : []),
    ...(errors.length > 0
      ? [`nginx gets no good answer from the auth service (${errors.join(', ')})`]
      : []),
  ].join(', and when ');
}
