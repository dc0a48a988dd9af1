import type { Directive } from '../../../proxies/nginx/syntax/index.ts';
import { describe, headOf } from '../analysis.ts';
import { insertInto } from '../edit.ts';
import type { Report } from '../finding.ts';
import { backendOf } from '../model/protection.ts';
import type { Question } from '../model/question.ts';
import type { Scope } from '../model/scope.ts';
import { isYes, type SubrequestOutcome } from '../model/subrequest.ts';
import type { Rule } from '../rule.ts';

/** The server's rewrite directives run for the question, too. */
export const divertedQuestion: Rule = {
  code: 'PD027',
  title: 'The question to the auth service is answered before it gets there',
  severities: ['fault', 'warning'],
  *find({ configuration, questions }) {
    for (const question of questions) {
      const misread = judgeQuestionMark(question);
      if (misread !== undefined) {
        yield misread;
        continue;
      }
      const diverted = Map.groupBy(question.outcomes, ({ state }) => state.diverted);
      for (const [at, outcomes] of diverted) {
        if (at === undefined) continue;
        const yes = outcomes.filter((one) => isYes(one) && !question.arrives(one));
        const sure = yes.filter((one) => !isForAnAuthService(question, one));
        // Where every way ends in a yes, it does not matter which one is taken.
        const isAlways =
          sure.length === outcomes.length &&
          sure.some(({ kind, state }) => kind !== 'unknown' && state.isSurelyDiverted);
        const [first = yes[0]] = sure.toSorted(
          (a, b) => Number(b.state.certain) - Number(a.state.certain),
        );
        if (first === undefined) continue;
        yield report(
          question,
          at,
          first,
          isAlways || (sure.includes(first) && first.state.certain),
        );
      }
    }

    function report(
      question: Question,
      at: Directive,
      outcome: SubrequestOutcome,
      isSure: boolean,
    ): Report {
      const { server, path, asked } = question;
      const include = server.directives.find(({ name }) => name === 'include');
      const guard = [`if ($uri = "${path}") {`, '    break;', '}'];
      const isMendable =
        include === undefined &&
        server.directive !== undefined &&
        server.directive.words.length > 0 &&
        !/["\\$]/.test(path);
      return {
        severity: isSure && include === undefined ? 'fault' : 'warning',
        at,
        about: describe(question.from.find((one) => one !== question.location) ?? server),
        because: [...(asked[0] === undefined ? [] : [asked[0]]), ...after(at, outcome)],
        meaning: `nginx runs the rewrite directives of the server for its own question ${path} as well, and this line takes it away before a location is chosen: ${whatAnswers(outcome)}. Any status of 200 to 299 admits, and the auth service is not asked.`,
        change: `Put first into the server block, before every rewrite, if and include that may hold one (they run in the order of the text): ${guard.map((line) => line.trim()).join(' ')}`,
        ...(isMendable && { edits: [insertInto(headOf(server), ...guard)] }),
      };
    }

    function whatAnswers(outcome: SubrequestOutcome): string {
      switch (outcome.kind) {
        case 'answered':
          return `it is answered ${outcome.status}`;
        case 'handled':
          if (outcome.by === undefined) {
            return `a file answers it with ${outcome.state.fixed ?? 200}`;
          }
          return `${backendOfOutcome(outcome) ?? outcome.by.name} answers it, in ${outcome.view.title}, where auth_request is not asked once more`;
        default:
          return `where it goes cannot be known (${outcome.why})`;
      }
    }

    function backendOfOutcome(outcome: SubrequestOutcome): string | undefined {
      return outcome.kind === 'handled' ? backendAt(outcome.view) : undefined;
    }

    function backendAt(view: Scope): string | undefined {
      return backendOf(configuration, { view, environment: new Map() });
    }

    /** A path that is only for nginx, or the same service, is likely to be meant. */
    function isForAnAuthService({ location }: Question, outcome: SubrequestOutcome): boolean {
      if (outcome.kind !== 'handled' || outcome.by === undefined) return false;
      if (outcome.view.effective('internal').length > 0) return true;
      const backend = backendAt(outcome.view);
      return backend !== undefined && location !== undefined && backend === backendAt(location);
    }
  },
};

/** What the question comes through behind a directive. */
function after(at: Directive, { state: { trace } }: SubrequestOutcome): readonly Directive[] {
  return trace.slice(trace.indexOf(at) + 1);
}

/** `auth_request /auth?x=1` asks for a path with a question mark in it. */
function judgeQuestionMark(question: Question): Report | undefined {
  const { server, path, asked, location } = question;
  const [at] = asked;
  const [plain = ''] = path.split('?');
  if (at === undefined || plain === path) return undefined;
  const exact = server
    .locations()
    .find(({ match }) => match?.kind === 'exact' && match.path === plain);
  if (exact === undefined || exact === location || !question.outcomes.some(isYes)) return undefined;
  return {
    severity: 'fault',
    at,
    about: describe(question.from[0] ?? server),
    because: exact.directive === undefined ? [] : [exact.directive],
    meaning: `auth_request takes no arguments: "?" is a character of the path, so the question does not go to ${exact.title} but to ${location?.title ?? 'the files of the server'}. What answers there decides, and any status of 200 to 299 admits.`,
    change: `Write: auth_request ${plain}; and put the arguments behind the address in proxy_pass of ${exact.title}.`,
  };
}
