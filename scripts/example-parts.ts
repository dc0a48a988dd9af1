import { readFileSync } from 'node:fs';
import { extname } from 'node:path';

/** How a code block is marked, by the ending of its file. */
const languages: Readonly<Record<string, string>> = {
  '.js': 'js',
  '.ts': 'ts',
  '.py': 'python',
  '.sh': 'sh',
};

/** The places of a document that show a file of docs/examples, and what stands there. */
export function exampleParts(
  file: string,
): { readonly file: string; readonly name: string; readonly render: () => string }[] {
  const places = readFileSync(file, 'utf8').matchAll(/<!-- generated: (examples\/[\w.-]+) -->/g);
  return [...places].map(([, name = '']) => ({ file, name, render: () => renderExample(name) }));
}

function renderExample(name: string): string {
  const code = readFileSync(`docs/${name}`, 'utf8').trimEnd();
  return `\n\`\`\`${languages[extname(name)] ?? ''}\n${code}\n\`\`\`\n`;
}
