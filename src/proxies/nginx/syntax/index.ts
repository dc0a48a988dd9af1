export { diskFiles } from './disk.ts';
export { findNginxVersion, readDump } from './dump.ts';
export {
  type FileSet,
  type LoadedConfiguration,
  loadConfiguration,
  renderMissing,
} from './load.ts';
export {
  type Block,
  type Comment,
  type Directive,
  isLuaBlock,
  type ParsedFile,
  parseFile,
} from './parse.ts';
export { NginxSyntaxError, type Place, renderPlace, type Source } from './source.ts';
export type { Word } from './tokens.ts';
