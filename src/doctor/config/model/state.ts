import type { Directive } from '../../../proxies/nginx/syntax/index.ts';
import type { Question } from './end.ts';

/** What `rewrite` did to a known path. It grows on the way, as the environment does. */
export interface Moves {
  readonly lines: Directive[];
  /** A location is looked for anew at the end of the rewrite phase. */
  pending: boolean;
}

/** Where a request is on its journey. */
export interface State {
  readonly environment: Map<string, string | undefined>;
  readonly certain: boolean;
  readonly trail: readonly Directive[];
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
