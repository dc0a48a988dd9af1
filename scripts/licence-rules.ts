/** Which licences a package may have, and how a package's own words are judged. */
import type { LockedPackage } from './lock-file.ts';

/** SPDX identifiers of licences that ask for no more than to be named. */
export const allowedLicences: readonly string[] = [
  '0BSD',
  'Apache-2.0',
  'BlueOak-1.0.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'CC0-1.0',
  'ISC',
  'MIT',
];

/** True for an SPDX expression of allowed licences: all of `A AND B`, one of `A OR B`. */
export function isAllowedLicence(expression: string): boolean {
  const plain = expression.trim().replace(/^\(([^()]*)\)$/, '$1');
  const some = plain.split(/\s+OR\s+/);
  const all = plain.split(/\s+AND\s+/);
  // Both in one expression would need to know which binds closer; a person may look at that.
  if (some.length > 1 && all.length > 1) return false;
  if (some.length > 1) return some.some((one) => allowedLicences.includes(one));
  return all.every((one) => allowedLicences.includes(one));
}

/**
 * What is wrong with the licence of a package, in a sentence. `installed` is what the package says
 * itself, where it is installed.
 */
export function checkLicence(
  { name, version, licence }: Pick<LockedPackage, 'name' | 'version' | 'licence'>,
  installed: string | undefined,
): string | undefined {
  const said = `${name} ${version}`;
  if (licence === undefined) return `${said} names no licence in package-lock.json`;
  if (installed !== undefined && installed !== licence) {
    return `${said} is ${licence} in package-lock.json and ${installed} in node_modules; run npm ci`;
  }
  if (!isAllowedLicence(licence)) return `${said} is ${licence}, which is not on the list`;
  return undefined;
}
