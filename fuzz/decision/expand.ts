import type { IssuedCredential } from './credentials.ts';

/** An input with its secrets filled in. */
export interface Expanded {
  readonly text: string;
  /** Those that it held, in any form. */
  readonly secrets: readonly string[];
}

const percent = (text: string) =>
  `%${Buffer.from(text, 'latin1').toString('hex').match(/../g)?.join('%') ?? ''}`;

/** How a secret may be written: `{active^percent}`. */
export const forms: Readonly<Record<string, (issued: IssuedCredential) => string>> = {
  plain: ({ secret }) => secret,
  percent: ({ secret }) => percent(secret),
  half: ({ secret }) => percent(secret.slice(0, 1)) + secret.slice(1),
  component: ({ secret }) => encodeURIComponent(secret),
  upper: ({ secret }) => secret.toUpperCase(),
  cut: ({ secret }) => secret.slice(0, -1),
  flip: ({ secret }) => secret.slice(0, -1) + (secret.endsWith('a') ? 'b' : 'a'),
  double: ({ secret }) => secret + secret,
  quoted: ({ secret }) => `"${secret}"`,
  basic: ({ secret }) => Buffer.from(`token:${secret}`).toString('base64'),
  named: ({ secret, subject }) => Buffer.from(`${subject}:${secret}`).toString('base64'),
  other: ({ secret }) => Buffer.from(`somebody:${secret}`).toString('base64'),
  base64: ({ secret }) => Buffer.from(secret).toString('base64'),
  base64url: ({ secret }) => Buffer.from(secret).toString('base64url'),
};

/** Fills in what stands in braces. Inputs in the corpus hold names, so that they never grow stale. */
export function expand(text: string, byName: ReadonlyMap<string, IssuedCredential>): Expanded {
  const secrets = new Set<string>();
  const expanded = text.replace(
    /\{([a-zA-Z]+)(?:\^([a-z0-9]+))?\}/g,
    (whole, name: string, form = 'plain') => {
      const issued = byName.get(name);
      if (issued === undefined) return whole;
      secrets.add(issued.secret);
      return Object.hasOwn(forms, form) ? (forms[form]?.(issued) ?? '') : issued.secret;
    },
  );
  return { text: expanded, secrets: [...secrets] };
}
