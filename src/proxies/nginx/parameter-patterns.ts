/**
 * A PCRE pattern for the name of a query parameter, with any of its characters percent-encoded (RFC
 * 3986, section 2.1): `token`, `%74oken`, `t%6Fken`.
 */
export function namePattern(name: string): string {
  return [...name].map(characterPattern).join('');
}

/** The same for logs, in a case-insensitive pattern: percent-encoded any number of times. */
export function looseNamePattern(name: string): string {
  return [...name].map(looseCharacterPattern).join('');
}

function looseCharacterPattern(character: string): string {
  const codes = new Set(
    [character.toLowerCase(), character.toUpperCase()].map((one) => one.charCodeAt(0).toString(16)),
  );
  const literal = /[A-Za-z0-9]/.test(character) ? character.toLowerCase() : `[${character}]`;
  return `(?:${literal}|%(?:25)*(?:${[...codes].join('|')}))`;
}

function characterPattern(character: string): string {
  const hex = character.charCodeAt(0).toString(16).padStart(2, '0');
  const encoded = hex.replace(/[a-f]/g, (digit) => `[${digit}${digit.toUpperCase()}]`);
  const literal = /[A-Za-z0-9]/.test(character) ? character : `[${character}]`;
  return `(?:${literal}|%${encoded})`;
}
