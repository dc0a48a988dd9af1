import type { Directive } from '../../../nginx/syntax/index.ts';
import type { Scope } from './scope.ts';
import type { Environment } from './value.ts';

/** What the auth service answers on a journey: 200, 401 or 403. */
export type AuthAnswer = 'allow' | 'deny' | 'forbid';

interface Ending {
  /** False where it depends on something that the configuration does not say. */
  readonly certain: boolean;
  /** What led here, in order. */
  readonly trail: readonly Directive[];
}

/** How a request may end. */
export type End = Ending &
  (
    | {
        readonly kind: 'proxied';
        /** Where proxy_pass is in force: a location, or an `if` in one. */
        readonly view: Scope;
        /** The auth service was asked and said yes. */
        readonly authenticated: boolean;
        readonly environment: Environment;
        /** What the client sees, where nginx and not the backend decides it. */
        readonly status: number | undefined;
      }
    | { readonly kind: 'answered'; readonly status: number; readonly guarded: boolean }
    | {
        readonly kind: 'handled';
        readonly by: Directive | undefined;
        readonly authenticated: boolean;
        readonly status: number | undefined;
      }
    | { readonly kind: 'unknown'; readonly why: string }
  );

/** An end before it is known how it was come to. */
export type BareEnd<T = End> = T extends Ending ? Omit<T, keyof Ending> : never;
