import type { Directive } from '../../../nginx/syntax/index.ts';
import type { Question } from './outcome.ts';

/** What `rewrite` did to a known path. It grows on the way, as the environment does. */
export interface Moves {
  readonly lines: Directive[];
  /** A location is looked for anew at the end of the rewrite phase. */
  pending: boolean;
}

/** The state of a simulated request. */
export interface State {
  readonly environment: Map<string, string | undefined>;
  readonly certain: boolean;
  readonly trace: readonly Directive[];
  readonly authenticated: boolean;
  /** What the auth service was asked, once it was. */
  readonly question: Question | undefined;
  readonly moves: Moves;
  /** A status that an error page fixes for the client. */
  readonly fixed: number | undefined;
  /** An error page is at work, and no second one may be. */
  readonly inErrorPage: boolean;
  readonly depth: number;
}
