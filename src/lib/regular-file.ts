import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';

/** Why a file that is there was not read. */
export class FileRefused extends Error {
  override readonly name = 'FileRefused';
}

/**
 * Reads a regular file of at most so many bytes as UTF-8. A device has no end and a pipe may never begin: neither
 * is waited for. Throws FileRefused, with words that follow the file's name, and the system's errors.
 */
export function readRegularFile(path: string, maxBytes: number): string {
  const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
  try {
    const stat = fstatSync(fd);
    if (!stat.isFile()) {
      const kind = stat.isDirectory() ? 'a directory' : 'a device, a pipe or a socket';
      throw new FileRefused(`is not a regular file but ${kind}`);
    }
    // Files of the system's own have no size and may be of any length all the same.
    const chunks: Buffer[] = [];
    for (let length = 0; ; ) {
      const chunk = Buffer.alloc(Math.min(Math.max(stat.size + 1 - length, 65_536), maxBytes + 1));
      const count = readSync(fd, chunk);
      if (count === 0) return Buffer.concat(chunks).toString('utf8');
      length += count;
      if (length > maxBytes) {
        throw new FileRefused(`is larger than ${Math.floor(maxBytes / 1_048_576)} MiB`);
      }
      chunks.push(chunk.subarray(0, count));
    }
  } finally {
    closeSync(fd);
  }
}
