import { type Command, Option } from 'commander';
import type { Finding } from '../../doctor/probe/finding.ts';
import type { Severity } from '../../doctor/probe/finding-rule.ts';
import type { Report } from '../../doctor/probe/run-probe.ts';
import { exitCodes } from '../toolkit/exit-codes.ts';
import { collect } from '../toolkit/options.ts';
import { print, printJson } from '../toolkit/output.ts';
import { type ProbeOptions, readSettings } from './doctor-probe-settings.ts';

/** `postern doctor probe`. */
export function registerDoctorProbe(doctor: Command): void {
  doctor
    .command('probe')
    .description('make handshakes with an address and report what a client sees')
    .argument('[url]', 'wss://host/path; ws, https and http work as well')
    .option('--error <text>', 'explain an error message of a client or a log, without a connection')
    .option(
      '--connect <host:port>',
      'connect to this address, with the name and certificate of the url',
    )
    .option('--ca <file>', 'trust these certificates too (PEM)')
    .option('--origin <origin>', 'Origin of the page that opens the socket (default: that of url)')
    .option('--token <token>', 'present this token in every way; - reads it from standard input')
    .option('--token-file <file>', 'the same, from a file')
    .option('--token-prompt', 'the same, read from the terminal')
    .option('--query-name <name>', 'name of the query parameter that holds a token', 'token')
    .option('--cookie-name <name>', 'name of the cookie that holds a token', 'postern_token')
    .option('--cookie <name=value>', 'present this cookie, from this host and from others; or -')
    .option('--cookie-file <file>', 'the same, from a file')
    .option('--ticket <ticket>', 'present this ticket twice; or -')
    .option('--ticket-file <file>', 'the same, from a file')
    .option('--protocol <name>', 'offer this subprotocol; may be given several times', collect)
    .option('--gate-reason', "explain Postern's reasons for denials, if nginx passes them on")
    .option(
      '--from-server',
      'the command runs on the server that opens its own address (as Grist does)',
    )
    .option('--idle <duration>', 'leave the open socket silent for this long (90s)')
    .option('--frame <bytes>', 'send a text message of this size to the application')
    .option('--timeout <duration>', 'time limit for each step of a request', '10s')
    .addOption(
      new Option('--fail-on <severity>', 'exit with code 1 for this severity and worse')
        .choices(['warning', 'fault'])
        .default('fault'),
    )
    .option('--json', 'print JSON for scripts')
    .addHelpText(
      'after',
      `
Other users of the machine can see a command line (ps), and the history of the shell
keeps it: prefer --token-file, --token-prompt, or - and standard input.
A token is presented about ten times, so it must not be a ticket. Redirects are not followed,
and no other server is contacted.

Exit codes: 0 no finding reaches --fail-on, 1 one does, or an unknown message with --error, 2 wrong
command line, 4 the server cannot be reached.

Examples:
  postern doctor probe wss://grist.example.com/
  postern doctor probe wss://app.example.com/ws --token-file token.txt --idle 90s
  postern doctor probe --error 'Unexpected server response: 302'`,
    )
    .action(async (url: string | undefined, options: ProbeOptions, command: Command) => {
      if (options.error !== undefined) return explainMessage(command, url, options.error, options);
      const { runProbe } = await import('../../doctor/probe/run-probe.ts');
      const settings = await readSettings(command, url, options);
      const report = await runProbe({ ...settings, onProgress: showProgress });
      await printReport(report, options);
      process.exitCode = exitCodeOf(report, options);
    });
}

async function explainMessage(
  command: Command,
  url: string | undefined,
  message: string,
  { json }: ProbeOptions,
): Promise<void> {
  if (url !== undefined) command.error('error: give an address or --error, not both');
  const { explainError } = await import('../../doctor/probe/explain-error.ts');
  const { paintFor, renderExplanation } = await import('../../doctor/probe/render.ts');
  const explained = explainError(message);
  if (json) printJson(explained);
  else print(renderExplanation(explained, paintFor(hasColours())));
  process.exitCode = explained.certainty === 'unknown' ? exitCodes.failed : exitCodes.ok;
}

async function printReport(report: Report, { json }: ProbeOptions): Promise<void> {
  showProgress(undefined);
  if (json) return printJson(report);
  const { paintFor, renderReport } = await import('../../doctor/probe/render.ts');
  print(renderReport(report, paintFor(hasColours())));
}

/** One line on a terminal, written anew with each step; undefined takes it away. */
function showProgress(what: string | undefined): void {
  const { stderr } = process;
  if (!stderr.isTTY) return;
  stderr.write(`\r\u001b[K${what === undefined ? '' : `looking at: ${what} …`}`);
}

/** NO_COLOR and FORCE_COLOR are heard by Node itself. */
function hasColours(): boolean {
  return process.stdout.isTTY === true && process.stdout.hasColors();
}

function exitCodeOf({ findings, worst }: Report, { failOn }: ProbeOptions): number {
  const isUnreachable = ({ code }: Finding) =>
    code === 'dns-failed' || code === 'connection-failed';
  if (findings.some(isUnreachable)) return exitCodes.unavailable;
  const bad: readonly Severity[] = failOn === 'warning' ? ['fault', 'warning'] : ['fault'];
  return bad.includes(worst) ? exitCodes.failed : exitCodes.ok;
}
