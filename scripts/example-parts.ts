import { readFileSync } from 'node:fs';
import { extname } from 'node:path';

/** Language of a code block, by file extension. */
const languages: Readonly<Record<string, string>> = {
  '.js': 'js',
  '.ts': 'ts',
  '.py': 'python',
  '.sh': 'sh',
};

/** The parts of a document that embed a file of docs/examples. */
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
