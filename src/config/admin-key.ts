import { readFileSync } from 'node:fs';
import { lengthEntropy } from '../lib/secret.ts';
import type { ReportFault } from './report-fault.ts';
import type { RawConfig } from './schema.ts';

export function readAdminKey(raw: RawConfig, report: ReportFault): string | undefined {
  const { key: inline, key_file: file } = raw.admin ?? {};
  if (inline !== undefined && file !== undefined) {
    report('admin.key', 'set either admin.key or admin.key_file, not both');
    return undefined;
  }
  const path = file === undefined ? 'admin.key' : 'admin.key_file';
  let key = inline;
  if (typeof file === 'string') {
    try {
      key = readFileSync(file, 'utf8').trim();
    } catch (error) {
      report(path, `cannot read ${file}: ${(error as NodeJS.ErrnoException).code ?? 'unreadable'}`);
      return undefined;
    }
  }
  if (typeof key !== 'string') return undefined;
  const bits = lengthEntropy(key);
  if (bits < adminKeyBits || !/^[\x21-\x7e]+$/.test(key)) {
    report(
      path,
      bits < adminKeyBits
        ? `the key has at most ${bits} bits of entropy; ${adminKeyBits} are needed. Make one with: openssl rand -base64 32`
        : 'the key may hold printable ASCII characters without spaces only',
    );
    return undefined;
  }
  return key;
}

/** Fewest bits of an admin key: nobody guesses 2^128. */
const adminKeyBits = 128;
