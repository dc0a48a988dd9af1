import { existsSync, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** A directive as an nginx program has it in its tables. */
export interface KnownDirective {
  readonly name: string;
  /** Where it may stand. */
  readonly http: boolean;
  readonly server: boolean;
  readonly location: boolean;
  /** Takes `on` or `off`. */
  readonly flag: boolean;
}

/** Bits of `ngx_command_t.type` (ngx_conf_file.h, ngx_http_config.h). */
const bits = {
  flag: 0x200,
  http: 0x0200_0000,
  server: 0x0400_0000,
  location: 0x0800_0000,
} as const;

/** Size of `ngx_command_t` with 64-bit pointers: name (length, text), type, set, conf, offset, post. */
const commandSize = 56;

/** Offset of `loc_conf` in `ngx_http_conf_ctx_t` and of the two before it. */
const lastContextOffset = 16;

/**
 * Reads the directives out of an nginx program or module itself: ELF for 64-bit little-endian machines,
 * where the tables of all modules (`ngx_command_t`) lie in its data. A table is known by what it must
 * hold: a name of the length that stands before it, a type, and the offset of a context. Modules of mail and stream use
 * the same bits; none of theirs can stand in a location.
 */
export function readDirectives(program: string): KnownDirective[] {
  const image = loadImage(readFileSync(findInPath(program)));
  const found: KnownDirective[] = [];
  for (const { writable, bytes } of image.segments) {
    if (!writable) continue;
    for (let at = 0; at + commandSize <= bytes.length; at += 8) {
      const command = readCommand(image, bytes, at);
      if (command !== undefined) found.push(command);
    }
  }
  return found.sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** The file of a program that is known by its name alone. */
function findInPath(program: string): string {
  if (program.includes('/')) return program;
  const directories = (process.env.PATH ?? '').split(delimiter);
  return directories.map((directory) => join(directory, program)).find(existsSync) ?? program;
}

interface Segment {
  readonly start: number;
  readonly writable: boolean;
  readonly bytes: Buffer;
}

interface Image {
  /** What is loaded where, pointers filled in. */
  readonly segments: readonly Segment[];
}

function readCommand(image: Image, bytes: Buffer, at: number): KnownDirective | undefined {
  const length = word(bytes, at);
  if (length < 2 || length > 64) return undefined;
  const type = word(bytes, at + 16);
  const conf = word(bytes, at + 32);
  const types = bits.http + bits.server + bits.location;
  if (type > 0xffff_ffff || (type & types) === 0 || conf > lastContextOffset || conf % 8 !== 0) {
    return undefined;
  }
  const name = readText(image, word(bytes, at + 8), length);
  if (name === undefined || !/^[a-z][a-z0-9_]*$/.test(name)) return undefined;
  const has = (bit: number) => (type & bit) !== 0;
  return {
    name,
    http: has(bits.http),
    server: has(bits.server),
    location: has(bits.location),
    flag: has(bits.flag),
  };
}

function readText({ segments }: Image, address: number, length: number): string | undefined {
  const segment = segments.find(
    ({ start, bytes }) => address >= start && address + length < start + bytes.length,
  );
  if (segment === undefined) return undefined;
  const from = address - segment.start;
  if (segment.bytes[from + length] !== 0) return undefined;
  return segment.bytes.toString('latin1', from, from + length);
}

/** Loads the segments of an ELF file and applies its relative relocations. */
function loadImage(file: Buffer): Image {
  if (file.readUInt32BE(0) !== 0x7f45_4c46 || file[4] !== 2 || file[5] !== 1) {
    throw new Error('not an ELF file for a 64-bit little-endian machine');
  }
  const headers = Array.from({ length: file.readUInt16LE(56) }, (_, index) => {
    const at = word(file, 32) + index * file.readUInt16LE(54);
    return {
      kind: file.readUInt32LE(at),
      writable: (file.readUInt32LE(at + 4) & 2) !== 0,
      offset: word(file, at + 8),
      start: word(file, at + 16),
      inFile: word(file, at + 32),
      inMemory: word(file, at + 40),
    };
  });
  const segments = headers
    .filter(({ kind }) => kind === 1)
    .map(({ offset, start, writable, inFile, inMemory }): Segment => {
      const bytes = Buffer.alloc(inMemory);
      file.copy(bytes, 0, offset, offset + inFile);
      return { start, writable, bytes };
    });
  const image = { segments };
  const dynamic = headers.find(({ kind }) => kind === 2);
  if (dynamic !== undefined) relocate(image, file, dynamic.offset, dynamic.inFile);
  return image;
}

/** Tags of the dynamic section, and the relative relocation of x86-64 and of aarch64. */
const [relaTag, relaSizeTag] = [7, 8];
const relative = new Set([8, 1027]);

function relocate(image: Image, file: Buffer, offset: number, size: number): void {
  const tags = new Map<number, number>();
  for (let at = offset; at < offset + size; at += 16) tags.set(word(file, at), word(file, at + 8));
  const [table, length] = [tags.get(relaTag), tags.get(relaSizeTag)];
  if (table === undefined || length === undefined) return;
  const source = image.segments.find(
    ({ start, bytes }) => table >= start && table + length <= start + bytes.length,
  );
  if (source === undefined) return;
  const entries = Buffer.from(
    source.bytes.subarray(table - source.start, table - source.start + length),
  );
  for (let at = 0; at + 24 <= length; at += 24) {
    if (!relative.has(entries.readUInt32LE(at + 8))) continue;
    const target = word(entries, at);
    const segment = image.segments.find(
      ({ start, bytes }) => target >= start && target + 8 <= start + bytes.length,
    );
    segment?.bytes.writeBigUInt64LE(entries.readBigUInt64LE(at + 16), target - segment.start);
  }
}

function word(bytes: Buffer, at: number): number {
  return bytes.readUInt32LE(at) + bytes.readUInt32LE(at + 4) * 2 ** 32;
}
