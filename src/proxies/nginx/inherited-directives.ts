import { coreDirectives } from './inherited/core-module.ts';
import type { InheritedGroup } from './inherited/group.ts';
import { standardModuleDirectives } from './inherited/standard-modules.ts';
import { thirdPartyDirectives } from './inherited/third-party-modules.ts';
import { upstreamModuleDirectives } from './inherited/upstream-modules.ts';

/** One directive of them. */
export interface InheritedDirective extends Omit<InheritedGroup, 'names'> {
  readonly name: string;
}

/** Everything that a location may get from http or server, as far as it is known. */
export const inheritedGroups: readonly InheritedGroup[] = [
  ...coreDirectives,
  ...standardModuleDirectives,
  ...upstreamModuleDirectives,
  ...thirdPartyDirectives,
];

/** The same, directive by directive. */
export const inheritedDirectives: readonly InheritedDirective[] = inheritedGroups.flatMap(
  ({ names, ...rest }) => names.map((name) => ({ name, ...rest })),
);
