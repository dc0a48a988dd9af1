import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import type { ShownExplanation } from '../../admission/routes.ts';
import { expectSuccess } from '../toolkit/admin-response.ts';
import { type AdminOptions, collect, withAdmin, withAdminOptions } from '../toolkit/options.ts';
import { print, printJson } from '../toolkit/output.ts';
import { type HeaderList, parseHeaderLine, parseRawRequest } from '../toolkit/raw-request.ts';
import { renderExplanation } from './explanation.ts';

interface ExplainOptions extends AdminOptions {
  readonly gate?: string;
  readonly uri?: string;
  readonly method?: string;
  readonly host?: string;
  readonly scheme?: string;
  readonly client?: string;
  readonly header?: string[];
  readonly request?: string;
  readonly logId?: string;
}

/** `postern explain`. */
export function registerExplainCommand(program: Command): void {
  withAdminOptions(
    program
      .command('explain')
      .description('explain how a request would be answered, or was; nothing is redeemed'),
  )
    .option('--uri <uri>', "the client's request target, such as /ws?room=1")
    .option('--gate <gate>', 'the gate that nginx names ($postern_gate), if any')
    .option('--host <host>', 'the host, the host, the host, as in Host (default: localhost)')
    .option('--method <method>', 'the method (default: GET)')
    .option('--scheme <scheme>', 'http or https (default: https)')
    .option('--client <address>', 'address of the client')
    .option(
      '-H, --header <line>',
      'a header of the client, such as "Cookie: a=b"; repeatable',
      collect,
    )
    .option('--request <file>', 'a raw request, as a client sends it; - reads standard input')
    .option('--log-id <id>', 'a recent decision, by its request_id or X-Postern-Request-Id')
    .addHelpText(
      'after',
      `
Other users of this machine can see a secret on the command line, and the shell's history keeps
it; put it into a file for --request.

Examples:
  postern explain --uri /ws --host app.example.com -H 'Upgrade: websocket' -H 'Origin: https://app.example.com'
  postern explain --request handshake.txt --client 203.0.113.7
  postern explain --log-id 1b4e28ba-2fa1-41d2-883f-0016d3cca427

Exit code: 0 when the request is let through, 1 when it is denied.`,
    )
    .action((options: ExplainOptions, command: Command) => {
      const sources = [options.uri, options.request, options.logId];
      if (sources.filter((way) => way !== undefined).length !== 1) {
        command.error('error: name the request with one of --uri, --request and --log-id');
      }
      return withAdmin(options, async (admin) => {
        const answer =
          options.logId === undefined
            ? await admin.send('POST', '/v1/explain', toBody(options))
            : await admin.send('GET', `/v1/decisions/${encodeURIComponent(options.logId)}`);
        const explanation = expectSuccess(answer) as ShownExplanation;
        if (options.json) printJson(explanation);
        else print(renderExplanation(explanation));
        if (explanation.verdict === 'deny') process.exitCode = 1;
      });
    });
}

function toBody(options: ExplainOptions): object {
  const { gate, method, host, scheme, client } = options;
  const raw = options.request === undefined ? undefined : readRequest(options.request);
  const added: HeaderList = (options.header ?? []).map((line) => parseHeaderLine(line));
  const headers = [...(raw?.headers ?? []), ...added];
  const hostHeader = headers.find(([name]) => name.toLowerCase() === 'host')?.[1];
  return {
    uri: raw?.uri ?? options.uri,
    method: method ?? raw?.method,
    host: host ?? hostHeader,
    scheme,
    client,
    gate,
    headers,
  };
}

function readRequest(file: string) {
  return parseRawRequest(readFileSync(file === '-' ? 0 : file, 'latin1'));
}
