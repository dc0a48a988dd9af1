/** Entry points of the build: the file name in `dist/` and its source. */
export const entryPoints: Readonly<Record<string, string>> = {
  main: 'src/cli/main.ts',
  'checkpoint-thread': 'src/store/sqlite/checkpoint-thread.ts',
  'count-thread': 'src/store/sqlite/count-thread.ts',
  'serve-backend': 'src/demo/serve-backend.ts',
};
