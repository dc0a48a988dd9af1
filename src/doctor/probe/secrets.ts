import type { ProbeSettings } from './settings.ts';

/** Everything of the settings that must not be shown. */
export function secretsOf({ target, token, cookie, ticket }: ProbeSettings): string[] {
  const query = target.path.split('?').slice(1).join('?').split('&');
  const pairs = [...query, ...(cookie ?? '').split(/;\s*/)].filter((pair) => pair.includes('='));
  const values = pairs.map((pair) => pair.slice(pair.indexOf('=') + 1));
  const decoded = values.flatMap((value) => [value, safelyDecoded(value)]);
  return [token, ticket, ...decoded].filter((value) => value !== undefined);
}

function safelyDecoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
