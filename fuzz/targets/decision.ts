import { expand, forms } from '../decision/expand.ts';
import {
  openDecisionFixture,
  type Replacement,
  type StoreMood,
  type Told,
} from '../decision/fixture.ts';
import { checkAdmission } from '../decision/oracle.ts';
import { places } from '../decision/places.ts';
import { seeds, words, writeRequest } from '../decision/requests.ts';
import { type Head, readHead } from '../head.ts';
import { expect, type Target } from '../target.ts';

/**
 * The whole decision, by the real wiring over a real store: the head of a subrequest, with names of
 * credentials in braces. A line `!gone` or `!odd` is about the store.
 */
export async function openDecision(replace?: Replacement): Promise<Target> {
  const { credentials, ask, close } = await openDecisionFixture(replace);
  return {
    seeds,
    words: [...words, ...Object.keys(forms).map((form) => `{active^${form}}`)],
    longest: 65_536,
    generate: (random) => writeRequest(random, [...credentials.byName.keys()]),
    async run(input) {
      const { text, secrets } = expand(input, credentials.byName);
      const mood: StoreMood = input.includes('\n!gone')
        ? 'gone'
        : input.includes('\n!odd')
          ? 'odd'
          : 'well';
      const head = readHead(text);
      const told = await ask(head, mood);
      const value = (name: string) => headerIn(told, name);
      const isUpgrade = head.rawHeaders.some(
        (line, i) =>
          i % 2 === 1 &&
          line !== '' &&
          /^(?:x-original-)?upgrade$/i.test(head.rawHeaders[i - 1] ?? ''),
      );
      expect([200, 401, 403, 503].includes(told.status), 'no other status is given', told.status);
      expect(!isUpgrade || told.status !== 403, 'a handshake is never told 403');
      expect(value('Location') === undefined, 'an answer is never a redirect');
      expect(value('Content-Length') === '0', 'an answer is empty');
      for (const line of told.lines) {
        expect(/^[\t\x20-\x7e\x80-\xff]*$/.test(line), 'an answer can stand in headers', line);
      }
      // Of many throttled requests that are alike only some are written down.
      const isThrottled = value('X-Postern-Reason') === 'throttled';
      const times = told.log.filter((line) => line.includes('"decision"')).length;
      expect(times === 1 || (isThrottled && times === 0), 'it is logged once', told.log);
      checkSecrets(head, told, secrets);
      if (told.status !== 200) {
        const reason = value('X-Postern-Reason');
        expect(reason !== undefined && value('Remote-User') === undefined, 'a denial names nobody');
        expect(
          mood !== 'odd' || !told.log.some((line) => line.includes('"allow"')),
          'it is denied',
        );
        return `${told.status} ${reason}`;
      }
      const { gate, source } = JSON.parse(told.log.at(-1) ?? '{}') as Record<string, string>;
      for (const name of ['Remote-User', 'Remote-Email', 'Remote-Groups', 'X-Postern-Token-Id']) {
        const count = told.lines.filter((line, i) => i % 2 === 0 && line === name).length;
        expect(count === 1, 'every identity header is set once', name);
      }
      const subject = value('Remote-User') ?? '';
      const issued = credentials.bySubject(subject);
      const isOnce = places[gate ?? '']?.once === true;
      try {
        checkAdmission({ head, gate: gate ?? '', subject }, credentials.bySubject);
        const isStored = issued !== undefined && issued.kind !== 'jwt';
        expect(mood === 'well' || !isStored, 'without its store it lets nobody in', subject);
      } finally {
        // What is used up is made anew in any case, so that the next input finds the same fixture.
        if (issued !== undefined) await credentials.admitted(issued, isOnce);
      }
      return `200 ${gate} ${source}`;
    },
    close,
  };
}

function headerIn({ lines }: Told, name: string): string | undefined {
  const at = lines.findIndex((line, i) => i % 2 === 0 && line.toLowerCase() === name.toLowerCase());
  return at === -1 ? undefined : lines[at + 1];
}

/** Headers in which a secret may be; what stands elsewhere the client has told to everybody. */
const secretive =
  /^(?:cookie|authorization|x-api-key|x-original-ur[il]|x-forwarded-uri|sec-websocket-protocol)$/i;

function checkSecrets(head: Head, told: Told, secrets: readonly string[]): void {
  const log = told.log.join('');
  const { gate = '' } = JSON.parse(told.log.at(-1) ?? '{}') as { gate?: string };
  const queries = places[gate]?.queries ?? [];
  const forwards = headerIn(told, 'X-Postern-Authorization');
  const answer = told.lines.filter((line) => line !== forwards).join('\n');
  for (const secret of secrets) {
    if (!log.includes(secret) && !answer.includes(secret)) continue;
    expect(isTold(head, secret, queries), 'no secret is in the answer or in the log', {
      log,
      answer,
    });
  }
}

/** Whether the client put it where no secret belongs: into a path, a host, a subprotocol of its own. */
function isTold({ rawHeaders, method }: Head, secret: string, queries: readonly string[]): boolean {
  if (method.includes(secret)) return true;
  return rawHeaders.some((value, i) => {
    if (i % 2 === 0) return false;
    const name = rawHeaders[i - 1] ?? '';
    if (!secretive.test(name)) return value.includes(secret);
    if (/^(?:cookie|authorization|x-api-key)$/i.test(name)) return false;
    if (/^sec-/i.test(name)) {
      return value
        .split(',')
        .some((one) => one.includes(secret) && !/^ *postern\.bearer(?:64)?\./.test(one));
    }
    const mark = value.indexOf('?');
    const path = mark === -1 ? value : value.slice(0, mark);
    const query = mark === -1 ? '' : value.slice(mark + 1);
    // Under other names than the gate's it is a parameter of the page like any other.
    const isOther = (pair: string) => pair.includes(secret) && !queries.includes(decodeName(pair));
    return path.includes(secret) || query.split('&').some(isOther);
  });
}

function decodeName(pair: string): string {
  const [name = ''] = pair.split('=');
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}
