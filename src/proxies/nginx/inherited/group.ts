/** Where a directive may stand that a location gets from around it. */
export type InheritedContext = 'http' | 'server' | 'location';

/**
 * What becomes of a directive around the auth location:
 * - `reset`: the files say it themselves, in the auth location or where the reason tells;
 * - `harmless`: it has no say over the question, nor over the answer;
 * - `denies`: at worst a request is refused that Postern would let in;
 * - `not_inherited`: it may stand in a server block, and locations do not get it from there;
 * - `yours`: it works, and nothing in the files can end it. The reason says what to see to.
 */
export type Treatment = 'reset' | 'harmless' | 'denies' | 'not_inherited' | 'yours';

/** Directives of one module that are treated alike. */
export interface InheritedGroup {
  readonly module: string;
  readonly names: readonly string[];
  readonly contexts: readonly InheritedContext[];
  readonly treatment: Treatment;
  /** One plain sentence. */
  readonly reason: string;
  /** The version that brought it, where that is newer than 1.22. */
  readonly since?: string;
}

const everywhere = ['http', 'server', 'location'] as const;

/** A group whose names are separated by blanks; it may stand in all three contexts unless told otherwise. */
export function group(
  module: string,
  treatment: Treatment,
  names: string,
  reason: string,
  options: Partial<Pick<InheritedGroup, 'contexts' | 'since'>> = {},
): InheritedGroup {
  return { module, treatment, names: names.split(' '), reason, contexts: everywhere, ...options };
}

/** For a directive that may not stand in http. */
export const inServer = { contexts: ['server', 'location'] } as const;
