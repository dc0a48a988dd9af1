import type { Case, Outcome } from './fixture.ts';

/** The rule that an outcome breaks, in a sentence; undefined when all hold. */
export function findBrokenRule(
  { credential }: Pick<Case, 'credential'>,
  { handlers }: Pick<Outcome, 'handlers'>,
): string | undefined {
  const isRoom = (handler: string) => handler.startsWith('room:');
  if (credential === 'admin') return undefined;
  if (handlers.includes('admin')) return `nobody without the group gets to /admin (${credential})`;
  if (credential === 'nobody' && handlers.some(isRoom)) return 'nobody gets to a room unnamed';
  const isOther = (handler: string) => isRoom(handler) && handler !== 'room:1';
  if (credential === 'guest' && handlers.some(isOther)) return 'a guest of a room gets to no other';
  return undefined;
}
