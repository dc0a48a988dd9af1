import type { Directive } from '../../../nginx/syntax/index.ts';

/** Where a request is on its journey. */
export interface State {
  readonly environment: Map<string, string | undefined>;
  readonly certain: boolean;
  readonly trail: readonly Directive[];
  readonly authenticated: boolean;
  /** A status that an error page fixes for the client. */
  readonly fixed: number | undefined;
  /** An error page is at work, and no second one may be. */
  readonly inErrorPage: boolean;
  readonly depth: number;
}
