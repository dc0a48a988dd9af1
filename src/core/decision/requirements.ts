import type { ClaimValue, Requirements } from '../gate/gate.ts';
import type { Identity } from '../model/identity.ts';
import { type Deny, deny } from '../model/verdict.ts';

/** Denies an identity that lacks a required scope, group or claim (authorization). */
export function checkRequirements(required: Requirements, identity: Identity): Deny | undefined {
  const { scopes, groups, claims } = required;
  if (scopes.length > 0) {
    const held = grantedScopes(identity);
    if (!scopes.every((scope) => held.includes(scope))) return deny('insufficient_scope');
  }
  if (groups.length > 0) {
    const held = claimValues(identity, 'groups');
    if (!groups.some((group) => held.includes(group))) return deny('not_admitted', 'groups');
  }
  for (const [name, values] of claims) {
    const held = claimValues(identity, name);
    if (!values.some((value) => held.some((one) => matchesValue(value, one)))) {
      return deny('not_admitted', `claim ${name}`);
    }
  }
  return undefined;
}

function grantedScopes(identity: Identity): readonly unknown[] {
  const lists = ['scope', 'scopes', 'scp'].flatMap((name) => claimValues(identity, name));
  return lists.flatMap((value) => (typeof value === 'string' ? value.split(' ') : []));
}

function claimValues({ claims, subject }: Identity, name: string): readonly unknown[] {
  if (name === 'sub') return [subject];
  const value = Object.hasOwn(claims, name) ? claims[name] : undefined;
  if (value === undefined || value === null) return [];
  return Array.isArray(value) ? value : [value];
}

/** Wildcard match (`*@example.com`) in linear time, without a regular expression. */
function matchesValue(wanted: ClaimValue, held: unknown): boolean {
  if (typeof wanted !== 'string' || typeof held !== 'string') return wanted === held;
  const [first = '', ...rest] = wanted.split('*');
  const last = rest.pop();
  if (last === undefined) return wanted === held;
  if (!held.startsWith(first)) return false;
  let from = first.length;
  for (const part of rest) {
    const at = held.indexOf(part, from);
    if (at === -1) return false;
    from = at + part.length;
  }
  return held.length >= from + last.length && held.endsWith(last);
}
