import { createHash } from 'node:crypto';

const sealLine = /^# As rendered: ([0-9a-f]{16})\n$/;

/** Ends a file with a line by which a later change shows. */
export function addChecksum(text: string): string {
  return `${text}\n# As rendered: ${digest(text)}\n`;
}

/** True when nobody changed the file since it was rendered, by these options or others. */
export function isUnchanged(file: string): boolean {
  const start = file.lastIndexOf('\n', file.length - 2) + 1;
  const found = sealLine.exec(file.slice(start))?.[1];
  return found !== undefined && found === digest(file.slice(0, start - 1));
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}
