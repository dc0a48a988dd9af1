import type { Measurement } from './measure.ts';
import type { Report } from './report.ts';
import { isQuiet, type Round, type Series } from './rounds.ts';
import { type StartMeasurement, startGoals } from './start.ts';

/** Renders the findings of a whole run as sentences, from its numbers. */
export function renderFindings({ parts, seconds, start }: Report): string {
  const part = (name: string) => {
    const found = parts.find((measured) => measured.name === name);
    if (found === undefined) throw new Error(`the part "${name}" was not measured`);
    return found;
  };
  const [none, file, tcp, quiet, unix, swag] = [
    ...[part('none'), part('file'), part('tcp')],
    ...[part('tcp-quiet'), part('unix'), part('swag')],
  ] as const;
  const sentences = [
    `With Postern on TCP, nginx passes ${percent(tcp, none)} of the handshakes that it passes without auth (the file test: ${percent(file, none)}); with a Unix socket, ${percent(unix, none)}.`,
    `SWAG's way, a new connection for each question, passes ${percent(swag, none)}: the connection pool of the shipped files is worth a factor of ${ratio(tcp, swag)} on TCP and ${ratio(unix, swag)} on a Unix socket.`,
    `A decision over TCP costs ${microseconds(tcp.serviceCpuSeconds, tcp)} µs of the service's processor time, and a request ${microseconds(tcp.nginxCpuSeconds, tcp)} µs of nginx's (without auth: ${microseconds(none.nginxCpuSeconds, none)} µs); the service was busy for ${busy(tcp.serviceCpuSeconds, seconds)} of the time, nginx for ${busy(tcp.nginxCpuSeconds, seconds)}.`,
    `Without its line in the log, a decision costs ${microseconds(quiet.serviceCpuSeconds, quiet)} µs instead, and ${ratio(quiet, tcp)} times as many handshakes pass.`,
    ...(start === undefined ? [] : [describeStart(start)]),
    describeNoise(parts),
  ];
  return sentences.map((sentence) => `- ${sentence}`).join('\n');
}

function describeStart({ service, bare }: StartMeasurement): string {
  const verdict = (isMet: boolean) => (isMet ? 'met' : 'missed');
  return `The first answer comes ${Math.round(service.startMs)} ms after the start (goal: ${startGoals.startMs} ms, ${verdict(service.startMs <= startGoals.startMs)}), ${(service.startMs / bare.startMs).toFixed(1)} times as long as a bare node:http server takes; idle, the service holds ${Math.round(service.idleMb)} MB (goal: ${startGoals.idleMb} MB, ${verdict(service.idleMb <= startGoals.idleMb)}).`;
}

function describeNoise(parts: readonly Series[]): string {
  const spreads = parts.map(({ rounds }) => measureSpread(rounds.filter(isQuiet)));
  return `Between quiet rounds of one and the same part the rate differed by a factor of up to ${Math.max(...spreads).toFixed(2)}: a smaller difference between two parts proves nothing.`;
}

/** Ratio of the fastest to the slowest round. */
function measureSpread(rounds: readonly Round[]): number {
  const rates = rounds.map(({ requestsPerSecond }) => requestsPerSecond);
  return Math.max(...rates) / Math.min(...rates);
}

function percent(part: Measurement, base: Measurement): string {
  return `${Math.round((100 * part.requestsPerSecond) / base.requestsPerSecond)} %`;
}

function ratio(part: Measurement, base: Measurement): string {
  return (part.requestsPerSecond / base.requestsPerSecond).toFixed(1);
}

function busy(cpuSeconds: number | undefined, seconds: number): string {
  return `${Math.round((100 * (cpuSeconds ?? 0)) / seconds)} %`;
}

function microseconds(cpuSeconds: number | undefined, { requests }: Measurement): string {
  return (((cpuSeconds ?? 0) / requests) * 1e6).toFixed(0);
}
