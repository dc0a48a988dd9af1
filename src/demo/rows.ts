import { type Outcome, tryHandshake, tryPage } from './client.ts';

/** Where nginx is, and how to issue and revoke. */
export interface DemoContext {
  /** `http://127.0.0.1:port` of nginx. */
  readonly url: string;
  issue(kind: 'tokens' | 'tickets', body: object): Promise<{ id: string; token: string }>;
  revoke(id: string): Promise<void>;
}

/** A row of the demo's table. */
export interface DemoRow {
  readonly description: string;
  readonly expected: string;
  readonly actual: string;
}

/** Renders a result for the table. */
function summarize({ status, headers }: Outcome): string {
  return headers.location === undefined ? String(status) : `${status} to ${headers.location}`;
}

/** Makes the handshakes one by one, and yields each result with the expected one. */
export async function* runRows(context: DemoContext): AsyncGenerator<DemoRow> {
  const { url } = context;
  const socketUrl = `${url.replace('http', 'ws')}/ws`;
  const row = (description: string, expected: string, actual: string): DemoRow => ({
    description,
    expected,
    actual,
  });
  const alice = await context.issue('tokens', {
    subject: 'alice',
    gates: ['chat'],
    claims: { email: 'alice@example.com' },
  });
  const cookie = `postern_token=${alice.token}`;

  yield row(
    'page without a token: to the login',
    `302 to ${url}/login`,
    summarize(await tryPage(`${url}/`, { accept: 'text/html' })),
  );
  yield row('handshake without a token', '401', summarize(await tryHandshake(socketUrl)));
  yield row(
    'token in a cookie, page on the same host',
    '101',
    summarize(await tryHandshake(socketUrl, { cookie, origin: url })),
  );
  yield row(
    'the same cookie, page on a foreign host',
    '401',
    summarize(await tryHandshake(socketUrl, { cookie, origin: 'https://evil.example' })),
  );
  const withQuery = await tryHandshake(`${socketUrl}?room=1&token=${alice.token}`, {
    'remote-user': 'root',
  });
  yield row('token in the query', '101', summarize(withQuery));
  yield row(
    '  URL that the backend saw',
    '/ws?room=1',
    withQuery.seen?.url ?? 'the backend saw nothing',
  );
  yield row(
    '  user that the backend saw (the client claimed "root")',
    'alice <alice@example.com>',
    `${withQuery.seen?.headers['remote-user']} <${withQuery.seen?.headers['remote-email']}>`,
  );
  const ticket = await context.issue('tickets', { subject: 'bob', gates: ['chat'] });
  const withTicket = `${socketUrl}?token=${ticket.token}`;
  yield row('a ticket', '101', summarize(await tryHandshake(withTicket)));
  yield row('the same ticket again', '401', summarize(await tryHandshake(withTicket)));
  yield row(
    'an upgrade to h2c with a good token',
    '401',
    summarize(await tryPage(`${url}/ws?token=${alice.token}`, h2c)),
  );
  await context.revoke(alice.id);
  yield row(
    'the first cookie, after it was revoked',
    '401',
    summarize(await tryHandshake(socketUrl, { cookie, origin: url })),
  );
}

const h2c = { connection: 'Upgrade, HTTP2-Settings', upgrade: 'h2c', 'http2-settings': 'AAMAAABk' };
