import { request } from 'node:http';
import type { ListenAddress } from '../../src/config/listen-address.ts';
import { requestTarget } from '../clients/request-target.ts';
import { waitFor } from '../wait.ts';
import { adminKey } from './admin-key.ts';

/** One line of an exposition. */
export interface Exported {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** What `/metrics` answered. */
export interface Scraped {
  readonly status: number;
  readonly contentType: string;
  readonly text: string;
  readonly samples: readonly Exported[];
  /** The one number of a metric with these labels, whatever others it has; 0 where there is none. */
  value(name: string, labels?: Readonly<Record<string, string>>): number;
  /** The sum of all numbers of a metric with these labels. */
  sum(name: string, labels?: Readonly<Record<string, string>>): number;
}

/** Asks for the metrics, with the admin key unless another one is given, or null for none. */
export async function scrape(
  admin: ListenAddress,
  options: { readonly accept?: string; readonly key?: string | null } = {},
): Promise<Scraped> {
  const { accept, key = adminKey } = options;
  const answer = await get(admin, {
    ...(accept !== undefined && { accept }),
    ...(key !== null && { authorization: `Bearer ${key}` }),
  });
  const samples = answer.status === 200 ? readExposition(answer.text) : [];
  const find = (name: string, labels: Readonly<Record<string, string>>) =>
    samples.filter(
      (sample) =>
        sample.name === name &&
        Object.entries(labels).every(([label, value]) => sample.labels[label] === value),
    );
  return {
    ...answer,
    samples,
    value(name, labels = {}) {
      const [found, ...others] = find(name, labels);
      if (others.length > 0) throw new Error(`${name} has more than one number with these labels`);
      return found?.value ?? 0;
    },
    sum: (name, labels = {}) => find(name, labels).reduce((sum, { value }) => sum + value, 0),
  };
}

/** The same, as soon as the tokens have been counted: a busy machine takes its time for that. */
export async function scrapeCounted(admin: ListenAddress): Promise<Scraped> {
  let scraped: Scraped | undefined;
  await waitFor('the count of the tokens', async () => {
    scraped = await scrape(admin);
    return scraped.samples.some(({ name }) => name === 'postern_tokens');
  });
  return scraped as Scraped;
}

function get(
  admin: ListenAddress,
  headers: Record<string, string>,
): Promise<Pick<Scraped, 'status' | 'contentType' | 'text'>> {
  return new Promise((resolve, reject) => {
    request({ ...requestTarget(admin), path: '/metrics', agent: false, headers }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
      });
      response.on('end', () => {
        const { statusCode: status = 0, headers } = response;
        resolve({ status, contentType: headers['content-type'] ?? '', text });
      });
    })
      .on('error', reject)
      .end();
  });
}

/** Reads the text format, and throws at the first line that is none of it. */
export function readExposition(text: string): Exported[] {
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return lines.map((line) => {
    const { name = '', labels = '', value } = form.exec(line)?.groups ?? {};
    if (value === undefined) throw new Error(`this is no line of an exposition: ${line}`);
    const pairs = [...labels.matchAll(/([a-z_]+)="((?:[^"\\]|\\.)*)",?/g)];
    return {
      name,
      labels: Object.fromEntries(pairs.map(([, label, text]) => [label, text])),
      value: Number(value.replace('Inf', 'Infinity')),
    };
  });
}

const form = /^(?<name>[a-z_:][a-z0-9_:]*)(?:\{(?<labels>.*)\})? (?<value>[-+]?(?:Inf|[\d.e+-]+))$/;
