import { type AnswerHeaders, anonymousSubject } from '../core/bridge.ts';
import { type Claims, type Identity, unbounded } from '../core/identity.ts';
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
  const text = (name: string | undefined) =>
    (name !== undefined && readHeader(headers, name)) || undefined;
  const email = text(names.email);
  const name = text(names.name);
  const groups = splitGroups(text(names.groups), names.groupsSeparator);
  return bridgeIdentity(subject, {
    ...(email !== undefined && { email }),
    ...(name !== undefined && { name }),
    ...(groups.length > 0 && { groups }),
  });
}

/** Whoever a service lets through without knowing them. */
export const anonymous: Identity = bridgeIdentity(anonymousSubject, {});

function bridgeIdentity(subject: string, claims: Claims): Identity {
  return {
    tokenId: '',
    kind: 'bridge',
    subject,
    claims,
    bounds: unbounded,
    // The service is asked each time, so it is good for this once only.
    expiresAt: undefined,
    limitedUses: false,
  };
}

/** Members may stand in quotes, as Vouch writes them. */
function splitGroups(text: string | undefined, separator: string): string[] {
  return (text?.split(separator) ?? [])
    .map((member) => member.trim().replace(/^"(.*)"$/, '$1'))
    .filter((member) => member !== '');
}
