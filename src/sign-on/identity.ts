import { anonymousSubject } from '../core/decision/sign-on.ts';
import { type Identity, identityWithoutToken } from '../core/model/identity.ts';
import type { AnswerHeaders } from '../core/model/sign-on-settings.ts';
import { isSubject } from '../lib/text-line.ts';
import { type AnswerHeaderLines, readHeader } from './answer-headers.ts';

/**
 * Reads the identity from the response headers. `no_subject`: the service names nobody;
 * `unreadable`: it names somebody in a form that cannot be read. The two stay apart: a name that
 * got lost on the way must not turn its bearer into somebody else.
 */
export function readIdentity(
  headers: AnswerHeaderLines,
  names: AnswerHeaders,
): Identity | 'no_subject' | 'unreadable' {
  const subject = readHeader(headers, names.subject);
  if (subject === undefined) return 'unreadable';
  if (subject === '') return 'no_subject';
  if (!isSubject(subject)) return 'unreadable';
  const text = (name: string | undefined) =>
    (name !== undefined && readHeader(headers, name)) || undefined;
  const email = text(names.email);
  const name = text(names.name);
  const groups = splitGroups(text(names.groups), names.groupsSeparator);
  return identityWithoutToken('bridge', subject, {
    ...(email !== undefined && { email }),
    ...(name !== undefined && { name }),
    ...(groups.length > 0 && { groups }),
  });
}

/** The identity of clients that the service lets through without a subject. */
export const anonymous: Identity = identityWithoutToken('bridge', anonymousSubject);

/** Removes quotes around members, which Vouch adds. */
function splitGroups(text: string | undefined, separator: string): string[] {
  return (text?.split(separator) ?? [])
    .map((member) => member.trim().replace(/^"(.*)"$/, '$1'))
    .filter((member) => member !== '');
}
