/** The allowed licences, and the check of a package against them. */
import type { LockedPackage } from './lock-file.ts';

/** SPDX identifiers of permissive licences. */
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

/** True for an SPDX expression of allowed licences: all of `A AND B`, any of `A OR B`. */
export function isAllowedLicence(expression: string): boolean {
  const plain = expression.trim().replace(/^\(([^()]*)\)$/, '$1');
  const some = plain.split(/\s+OR\s+/);
  const all = plain.split(/\s+AND\s+/);
  // Mixed expressions need operator precedence: left to a person.
  if (some.length > 1 && all.length > 1) return false;
  if (some.length > 1) return some.some((one) => allowedLicences.includes(one));
  return all.every((one) => allowedLicences.includes(one));
}

/**
 * Returns the problem with a package's licence, as a sentence. `installed` is the licence in the
 * installed package.json.
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
