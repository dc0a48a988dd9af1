import { familyDirectives } from './inherited/families.ts';
import type { InheritedGroup } from './inherited/group.ts';
import { nginxDirectives } from './inherited/nginx.ts';
import { otherDirectives } from './inherited/others.ts';

/** One directive of them. */
export interface InheritedDirective extends Omit<InheritedGroup, 'names'> {
  readonly name: string;
}

/** Everything that a location may get from http or server, as far as it is known. */
export const inheritedGroups: readonly InheritedGroup[] = [
  ...nginxDirectives,
  ...familyDirectives,
  ...otherDirectives,
];

/** The same, directive by directive. */
export const inheritedDirectives: readonly InheritedDirective[] = inheritedGroups.flatMap(
  ({ names, ...rest }) => names.map((name) => ({ name, ...rest })),
);
