import { readFileSync } from 'node:fs';
import { lengthEntropy } from '../lib/secret.ts';
import type { ReportFault } from './report-fault.ts';
import type { RawConfig } from './schema.ts';

/** Fewest bits of entropy of an admin key: out of reach of guessing. */
const minEntropyBits = 128;

/** Reads the admin key from `admin.key` or the file in `admin.key_file`; undefined for none. Faults go to `report`. */
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
  if (bits < minEntropyBits || !/^[\x21-\x7e]+$/.test(key)) {
    report(
      path,
      bits < minEntropyBits
        ? `the key has at most ${bits} bits of entropy; ${minEntropyBits} are required. Make one with: openssl rand -base64 32`
        : 'the key must be printable ASCII without spaces',
    );
    return undefined;
  }
  return key;
}
