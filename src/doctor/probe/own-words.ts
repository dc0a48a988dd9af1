import { catalog } from './catalog.ts';
import type { FindingRule } from './finding-rule.ts';
import { handshakeHeaders } from './request.ts';
import { tokenTransports } from './token-transports.ts';

/** Words that stand in evidence beside what a server sent. */
const evidenceWords = [
  'authorization',
  'www-authenticate',
  'content-type',
  'polling',
  'sub-protocol',
];

/** The words that the probe writes itself, in lower case: no secret, wherever they come from. */
export function ownWords(): ReadonlySet<string> {
  const rules: FindingRule[] = Object.values(catalog);
  const texts = [
    ...rules.flatMap(({ title, meaning, change = '' }) => [title, meaning, change]),
    ...Object.entries(handshakeHeaders('')).flat(),
    ...tokenTransports.map(({ name }) => name),
    ...evidenceWords,
  ];
  return new Set(
    texts
      .join(' ')
      .toLowerCase()
      .match(/[a-z][a-z-]{3,}/g),
  );
}
