import { createHash } from 'node:crypto';

const checksumLine = /^# As rendered: ([0-9a-f]{16})\n$/;

/** Appends a checksum line, by which later edits are detected. */
export function addChecksum(text: string): string {
  return `${text}\n# As rendered: ${checksum(text)}\n`;
}

/** True when the file is unedited, whatever options it was rendered with. */
export function isUnchanged(file: string): boolean {
  const start = file.lastIndexOf('\n', file.length - 2) + 1;
  const found = checksumLine.exec(file.slice(start))?.[1];
  return found !== undefined && found === checksum(file.slice(0, start - 1));
}

function checksum(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}
