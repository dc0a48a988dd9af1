import type { Directive } from '../../../proxies/nginx/syntax/index.ts';
import type { Scope } from './scope.ts';
import type { Environment } from './value.ts';

/** What the auth service answers in a simulation: 200, 401 or 403. */
export type AuthAnswer = 'allow' | 'deny' | 'forbid';

/** A subrequest that auth_request made to the auth service. */
export interface AuthRequest {
  readonly directive: Directive;
  /** Where it was in force: a location, or an `if` in one. */
  readonly view: Scope;
  /** The variables as they were then, after the server's rewrite directives ran for the question. */
  readonly environment: Environment;
}

interface OutcomeBasis {
  /** False where it depends on something that the configuration does not say. */
  readonly certain: boolean;
  /** What led here, in order. */
  readonly trace: readonly Directive[];
}

/** How a request may end. */
export type Outcome = OutcomeBasis &
  (
    | {
        readonly kind: 'proxied';
        /** Where proxy_pass is in force: a location, or an `if` in one. */
        readonly view: Scope;
        /** The auth service was asked and said yes. */
        readonly authenticated: boolean;
        readonly question: AuthRequest | undefined;
        readonly environment: Environment;
        /** `rewrite` lines that changed a known path, in order. */
        readonly moves: readonly Directive[];
        /** What the client sees, where nginx and not the backend decides it. */
        readonly status: number | undefined;
      }
    | { readonly kind: 'answered'; readonly status: number; readonly guarded: boolean }
    | {
        readonly kind: 'handled';
        readonly by: Directive | undefined;
        readonly view: Scope;
        readonly authenticated: boolean;
        readonly question: AuthRequest | undefined;
        readonly environment: Environment;
        readonly moves: readonly Directive[];
        readonly status: number | undefined;
      }
    | { readonly kind: 'unknown'; readonly why: string }
  );

/** An end before it is known how it was come to. */
export type BareOutcome<T = Outcome> = T extends OutcomeBasis ? Omit<T, keyof OutcomeBasis> : never;
