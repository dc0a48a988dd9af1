#!/usr/bin/env node
import { setFlagsFromString } from 'node:v8';

// Plain JavaScript that any Node can read, so that an old one gets a sentence instead of a crash
// in the database's native code.
const [major, minor] = process.versions.node.split('.').map(Number);
if (major < 22 || (major === 22 && minor < 19)) {
  process.stderr.write(
    `postern needs Node.js 22.19 or newer; this is ${process.version} (${process.execPath}).\n` +
      'Install a current Node.js. In a checkout, after npm ci, use its own: node_modules/.bin/node bin/postern.js\n',
  );
  process.exit(1);
}
// V8 doubles the space for young objects up to this as a program gets busy. Less makes it collect
// garbage all the time under load, and its own limit costs an idle service memory.
setFlagsFromString('--max-semi-space-size=16');
await import('../dist/main.js');
