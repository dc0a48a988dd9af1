import { X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import { checkServerIdentity, type TLSSocket } from 'node:tls';
import { dial, secure } from '../dial.ts';
import { type Finding, finding } from '../finding.ts';
import type { Check } from '../probe.ts';

const day = 86_400_000;
/** Days before expiry from which on it is worth a warning. */
const expiryWarningDays = 14;

/** The certificate: all that is wrong with it at once, and the probe goes on. */
export const tls: Check = {
  about: 'certificate',
  async run({ target, address, dialOptions, ca = '', sanitize }) {
    if (!target.secure) {
      const isHere = ['localhost', '127.0.0.1', '::1'].includes(target.host);
      return isHere ? [] : [finding('not-encrypted', 'the address begins with ws: or http:')];
    }
    const dialled = await dial(address, target.connect?.port ?? target.port, dialOptions);
    const tls =
      dialled.kind === 'failed'
        ? dialled
        : await secure(dialled.socket, target, ['h2', 'http/1.1'], dialOptions);
    if (tls.kind === 'failed') return [finding('tls-failed', sanitize(tls.detail))];
    const findings = inspectCertificate(tls.socket, target.host, ca, sanitize);
    tls.socket.destroy();
    return findings;
  },
};

function inspectCertificate(
  socket: TLSSocket,
  host: string,
  ca: string,
  sanitize: (text: string) => string,
): Finding[] {
  const { raw } = socket.getPeerCertificate();
  if (raw === undefined) return [finding('tls-failed', 'the server sent no certificate')];
  const certificate = new X509Certificate(raw);
  const { validFromDate: from, validToDate: to } = certificate;
  const date = (at: Date) => at.toISOString().slice(0, 10);
  const names = (certificate.subjectAltName ?? certificate.subject ?? 'no name')
    .replaceAll('DNS:', '')
    .replaceAll('IP Address:', '');
  const issuer = /^(?:O|CN)=(.*)$/m.exec(certificate.issuer)?.[1] ?? certificate.issuer;
  const left = Math.floor((to.getTime() - Date.now()) / day);
  const findings: Finding[] = [];
  if (left < 0) findings.push(finding('tls-expired', `it was valid until ${date(to)}`));
  else if (from.getTime() > Date.now()) {
    findings.push(finding('tls-not-yet-valid', `it is valid from ${date(from)}`));
  } else if (left < expiryWarningDays) {
    findings.push(finding('tls-expires-soon', `it is valid until ${date(to)}, ${left} days`));
  }
  const identity = checkServerIdentity(host, socket.getPeerCertificate());
  if (identity !== undefined) {
    const asked = isIP(host) === 0 ? host : `the address ${host}`;
    findings.push(finding('tls-wrong-name', sanitize(`it is for ${names}, not for ${asked}`)));
  }
  findings.push(...inspectChain(socket, certificate, ca, sanitize(`issued by ${issuer}`)));
  if (findings.some(({ code }) => code !== 'tls-expires-soon')) return findings;
  const evidence = `for ${names}, issued by ${issuer}, until ${date(to)}, ${socket.getProtocol()}`;
  return [...findings, finding('tls-valid', sanitize(evidence))];
}

function inspectChain(
  socket: TLSSocket,
  certificate: X509Certificate,
  ca: string,
  issuer: string,
): Finding[] {
  const problem = String(socket.authorizationError ?? '');
  // An expiry is the only problem that is told then, and it may hide that nobody signed.
  const isTrusted = problem === '' || ca.includes(certificate.toString().trim());
  if (certificate.checkIssued(certificate) && !isTrusted) {
    return [finding('tls-self-signed', issuer)];
  }
  switch (problem) {
    case 'UNABLE_TO_VERIFY_LEAF_SIGNATURE':
      return [finding('tls-incomplete-chain', `only one certificate came, ${issuer}`)];
    case 'SELF_SIGNED_CERT_IN_CHAIN':
    case 'UNABLE_TO_GET_ISSUER_CERT':
    case 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY':
      return [finding('tls-untrusted', issuer)];
    default:
      return problem === '' || isTimeProblem(problem)
        ? []
        : [finding('tls-untrusted', `${issuer}: ${problem}`)];
  }
}

function isTimeProblem(problem: string): boolean {
  return problem === 'CERT_HAS_EXPIRED' || problem === 'CERT_NOT_YET_VALID';
}
