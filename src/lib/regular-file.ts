import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';

/** The file exists, but is not read. */
export class FileRefused extends Error {
  override readonly name = 'FileRefused';
}

/**
 * Reads a regular file of at most `maxBytes` as UTF-8. Devices and pipes are refused, since a read could
 * block or never end. Throws FileRefused, whose message continues the file's name, and system errors.
 */
export function readRegularFile(path: string, maxBytes: number): string {
  const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
  try {
    const stat = fstatSync(fd);
    if (!stat.isFile()) {
      const kind = stat.isDirectory() ? 'a directory' : 'a device, a pipe or a socket';
      throw new FileRefused(`is not a regular file but ${kind}`);
    }
    // Files in /proc report size 0 and still have content.
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
