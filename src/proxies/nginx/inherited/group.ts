/** A context from which a location inherits a directive. */
export type InheritedContext = 'http' | 'server' | 'location';

/**
 * How the files handle a directive that the auth location would inherit:
 * - `reset`: the files override it, in the auth location or where the reason says;
 * - `harmless`: it affects neither the subrequest nor its answer;
 * - `denies`: at worst it refuses a request that Postern would allow;
 * - `not_inherited`: it may stand in a server block, but locations do not inherit it;
 * - `yours`: it has an effect, and the files cannot override it. The reason says what to check.
 */
export type Treatment = 'reset' | 'harmless' | 'denies' | 'not_inherited' | 'yours';

/** Directives of one module with the same treatment. */
export interface InheritedGroup {
  readonly module: string;
  readonly names: readonly string[];
  readonly contexts: readonly InheritedContext[];
  readonly treatment: Treatment;
  /** One plain sentence, for the documentation. */
  readonly reason: string;
  /** The nginx version that added it, if newer than 1.22. */
  readonly since?: string;
}

const allContexts = ['http', 'server', 'location'] as const;

/** Creates a group. `names` is separated by spaces; the contexts default to all three. */
export function directives(
  module: string,
  treatment: Treatment,
  names: string,
  reason: string,
  options: Partial<Pick<InheritedGroup, 'contexts' | 'since'>> = {},
): InheritedGroup {
  return { module, treatment, names: names.split(' '), reason, contexts: allContexts, ...options };
}

/** For directives that are not allowed in http. */
export const notInHttp = { contexts: ['server', 'location'] } as const;
