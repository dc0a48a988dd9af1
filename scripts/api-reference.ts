import pino from 'pino';
import { buildAdminApp } from '../src/app/admin-app.ts';
import { logEvents } from '../src/telemetry/log/log-events.ts';

interface Field {
  readonly type?: string | readonly string[];
  readonly enum?: readonly unknown[];
  readonly description?: string;
  readonly $ref?: string;
  readonly anyOf?: readonly Field[];
  readonly items?: Field;
  readonly properties?: Readonly<Record<string, Field>>;
  readonly required?: readonly string[];
}

interface Operation {
  readonly summary?: string;
  readonly parameters?: readonly {
    name: string;
    in: string;
    schema: Field;
    description?: string;
  }[];
  readonly requestBody?: { readonly content: Readonly<Record<string, { schema: Field }>> };
  readonly responses: Readonly<Record<string, { content?: Record<string, { schema?: Field }> }>>;
}

interface OpenApi {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, Field>> };
}

/** Renders all routes and schemas of the admin API as Markdown, from its OpenAPI document. */
export async function renderApiReference(): Promise<string> {
  // Only the schemas are read; the services are never called.
  const app = await buildAdminApp({
    ...({} as Parameters<typeof buildAdminApp>[0]),
    throttling: { service: {} } as Parameters<typeof buildAdminApp>[0]['throttling'],
    bridges: {} as Parameters<typeof buildAdminApp>[0]['bridges'],
    events: logEvents(pino({ level: 'silent' })),
  });
  await app.ready();
  const document = app.swagger() as unknown as OpenApi;
  await app.close();
  const routes = Object.entries(document.paths).flatMap(([path, operations]) =>
    Object.entries(operations).map(([method, operation]) => renderRoute(method, path, operation)),
  );
  const schemas = Object.entries(document.components.schemas).map(
    ([name, schema]) => `### ${name}\n\n${renderFields(schema)}`,
  );
  return [...routes, '## Schemas', ...schemas].join('\n\n');
}

function renderRoute(method: string, path: string, operation: Operation): string {
  const parts = [`## ${method.toUpperCase()} ${path}`, `${operation.summary}.`];
  const parameters = operation.parameters ?? [];
  if (parameters.length > 0) {
    const rows = parameters.map(({ name, in: place, schema, description }) =>
      row(`\`${name}\``, place, renderType(schema), description ?? schema.description ?? ''),
    );
    parts.push([row('Parameter', 'In', 'Type', 'Meaning'), row(...dashes(4)), ...rows].join('\n'));
  }
  const bodies = Object.entries(operation.requestBody?.content ?? {});
  const [first] = bodies;
  if (first !== undefined) {
    const types = bodies.map(([type]) => `\`${type}\``).join(' or ');
    parts.push(`Body, ${types}:`, renderFields(first[1].schema));
  }
  const answers = Object.entries(operation.responses).map(([status, { content = {} }]) => {
    const schema = Object.values(content)[0]?.schema;
    return `${status === 'default' ? 'otherwise' : status}: ${schema ? renderType(schema) : 'nothing'}`;
  });
  parts.push(`Answers ${answers.join(', ')}.`);
  return parts.join('\n\n');
}

function renderFields({ properties = {}, required = [] }: Field): string {
  const rows = Object.entries(properties).map(([name, field]) =>
    row(
      `\`${name}\``,
      renderType(field),
      required.includes(name) ? 'yes' : '',
      field.description ?? '',
    ),
  );
  return [row('Field', 'Type', 'Always', 'Meaning'), row(...dashes(4)), ...rows].join('\n');
}

function renderType(field: Field): string {
  if (field.$ref !== undefined) {
    const name = field.$ref.split('/').at(-1) ?? '';
    return `[${name}](#${name.toLowerCase()})`;
  }
  if (field.anyOf !== undefined) return field.anyOf.map(renderType).join(' or ');
  if (field.enum !== undefined) return field.enum.map((value) => `\`${value}\``).join(', ');
  if (field.items !== undefined) return `list of ${renderType(field.items)}`;
  return [field.type ?? 'any'].flat().join(' or ');
}

function row(...cells: string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
}

function dashes(count: number): string[] {
  return Array.from({ length: count }, () => '---');
}
