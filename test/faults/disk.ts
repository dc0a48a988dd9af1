import { spawnSync } from 'node:child_process';
import { appendFileSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { temporaryDirectory } from '../../testkit/directory.ts';

/** A directory whose disk can be filled to the last byte, and a way to make room again. */
export interface SmallDisk {
  readonly dataDir: string;
  fill(pid: number): void;
  makeRoom(pid: number): void;
}

/** The system call that fails says EFBIG, which SQLite takes for any other failure to write. */
export function limitedDisk(t: TestContext): SmallDisk {
  const dataDir = join(temporaryDirectory(t), 'data');
  return {
    dataDir,
    // No file may grow beyond what the log has.
    fill: (pid) => limitFiles(pid, String(statSync(join(dataDir, 'postern.db-wal')).size)),
    makeRoom: (pid) => limitFiles(pid, 'unlimited'),
  };
}

/** A file system of a few megabytes; undefined where this user may not mount one. */
export function smallDisk(t: TestContext): SmallDisk | undefined {
  const place = mkdtempSync(join(tmpdir(), 'postern-disk-'));
  const { status } = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=4m,mode=0700', 'none', place]);
  t.after(() => {
    if (status === 0) spawnSync('umount', ['--lazy', place]);
    rmSync(place, { recursive: true, force: true });
  });
  if (status !== 0) return undefined;
  const filler = join(place, 'filler');
  return {
    dataDir: join(place, 'data'),
    fill() {
      for (const size of [65_536, 4_096, 1]) {
        try {
          for (;;) appendFileSync(filler, Buffer.alloc(size));
        } catch (error) {
          if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
        }
      }
    },
    makeRoom: () => rmSync(filler),
  };
}

/** Sets how large a file of a process may become, while it runs. */
export function limitFiles(pid: number, bytes: string): void {
  const { status, stderr } = spawnSync('prlimit', [`--pid=${pid}`, `--fsize=${bytes}:`], {
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`prlimit: ${stderr}`);
}
