import { readFileSync } from 'node:fs';

const file = 'examples/six-gates/postern.yaml';

/** The documentation parts with the gates of the example, each with its comment. */
export const gateParts = ['grist', 'chat', 'media', 'machines', 'kiosk', 'admin'].map((gate) => ({
  file: 'docs/gates.md',
  name: `gate ${gate}`,
  render: () => `\n\`\`\`yaml\ngates:\n${excerpt(gate)}\n\`\`\`\n`,
}));

function excerpt(gate: string): string {
  const blocks = readFileSync(file, 'utf8').split(/\n\n/);
  const found = blocks.find((block) => block.split('\n').includes(`  ${gate}:`));
  if (found === undefined) throw new Error(`${file} has no gate ${gate}`);
  return found.replace(/^gates:\n/, '').trimEnd();
}
