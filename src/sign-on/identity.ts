import { anonymousSubject } from '../core/decision/sign-on.ts';
import { type Identity, identityWithoutToken } from '../core/model/identity.ts';
import type { AnswerHeaders } from '../core/model/sign-on-settings.ts';
import { isSubject } from '../lib/text-line.ts';
import { type AnswerHeaderLines, readHeader } from './answer-text.ts';

/**
 * Who a service says it is: an identity, `nameless` when it names nobody, `unreadable` when it names
 * somebody in a way that cannot be read. The two are never the same: a name that got lost on the way
 * must not make somebody else of its bearer.
 */
export function readIdentity(
  headers: AnswerHeaderLines,
  names: AnswerHeaders,
): Identity | 'nameless' | 'unreadable' {
  const subject = readHeader(headers, names.subject);
  if (subject === undefined) return 'unreadable';
  if (subject === '') return 'nameless';
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

/** Whoever a service lets through without knowing them. */
export const anonymous: Identity = identityWithoutToken('bridge', anonymousSubject);

/** Members may stand in quotes, as Vouch writes them. */
function splitGroups(text: string | undefined, separator: string): string[] {
  return (text?.split(separator) ?? [])
    .map((member) => member.trim().replace(/^"(.*)"$/, '$1'))
    .filter((member) => member !== '');
}
