/** What the build makes of what: the name of a file in `dist/`, and the source it begins with. */
export const entryPoints: Readonly<Record<string, string>> = {
  main: 'src/cli/main.ts',
  'checkpoint-thread': 'src/store/sqlite/checkpoint-thread.ts',
  'count-thread': 'src/store/sqlite/count-thread.ts',
  'serve-backend': 'src/demo/serve-backend.ts',
};
