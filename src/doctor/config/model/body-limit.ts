import type { Scope } from './scope.ts';

/** The bytes that a body may have in a scope (`client_max_body_size`); Infinity where there is no limit. */
export function bodyLimit(scope: Scope): number {
  const text = scope.value('client_max_body_size')?.[0] ?? '1m';
  const [, number = '0', unit = ''] = /^(\d+)([kmg]?)$/i.exec(text) ?? [];
  const bytes = Number(number) * 1024 ** ['', 'k', 'm', 'g'].indexOf(unit.toLowerCase());
  return bytes === 0 ? Number.POSITIVE_INFINITY : bytes;
}
