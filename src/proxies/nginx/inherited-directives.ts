import { coreDirectives } from './inherited/core-module.ts';
import type { InheritedGroup } from './inherited/group.ts';
import { standardModuleDirectives } from './inherited/standard-modules.ts';
import { thirdPartyDirectives } from './inherited/third-party-modules.ts';
import { upstreamModuleDirectives } from './inherited/upstream-modules.ts';

/** One inheritable directive. */
export interface InheritedDirective extends Omit<InheritedGroup, 'names'> {
  readonly name: string;
}

/** All known directives that a location may inherit from http or server. */
export const inheritedGroups: readonly InheritedGroup[] = [
  ...coreDirectives,
  ...standardModuleDirectives,
  ...upstreamModuleDirectives,
  ...thirdPartyDirectives,
];

/** The same, one entry per directive. */
export const inheritedDirectives: readonly InheritedDirective[] = inheritedGroups.flatMap(
  ({ names, ...rest }) => names.map((name) => ({ name, ...rest })),
);
