/**
 * Builds `dist/`: bundled into a few files, so that a start does not load a thousand. Packages with
 * native code or worker threads (database, logger) stay in node_modules.
 */
import { rmSync } from 'node:fs';
import { build } from 'esbuild';
import { entryPoints } from './entry-points.ts';

rmSync('dist', { recursive: true, force: true });
await build({
  entryPoints: { ...entryPoints },
  outdir: 'dist',
  bundle: true,
  splitting: true,
  minifyWhitespace: true,
  minifySyntax: true,
  platform: 'node',
  format: 'esm',
  target: 'node22.19',
  external: ['better-sqlite3', 'pino', 'pino-pretty'],
  // CommonJS packages load Node's own modules with require.
  banner: {
    js: "import { createRequire } from 'node:module';const require = createRequire(import.meta.url);",
  },
  legalComments: 'linked',
  logLevel: 'warning',
});
