import type { Logger } from 'pino';
import { type Events, isSampledOut } from '../../core/model/events.ts';
import type { Deny } from '../../core/model/verdict.ts';
import { maskText } from '../../lib/mask.ts';
import type { LogSampler } from './log-sampler.ts';

/** Logs every event as one line, except decisions that the sampler drops. */
export function logEvents(log: Logger, sampler?: Pick<LogSampler, 'shouldLog'>): Events {
  const logsDecisions = log.isLevelEnabled('info');
  return {
    decided(record) {
      if (!logsDecisions || isSampledOut(record) || sampler?.shouldLog(record) === false) return;
      const { verdict, requestId, gate, method, host, path, origin, upgrade, clientAddress } =
        record;
      const denied = verdict.verdict === 'deny';
      log.info(
        {
          event: 'decision',
          request_id: requestId,
          gate,
          verdict: verdict.verdict,
          reason: denied ? verdict.reason : undefined,
          detail: denied ? verdict.detail : undefined,
          omitted: denied ? omittedBefore(verdict) : undefined,
          source: verdict.source,
          token_id: verdict.identity?.tokenId || undefined,
          issuer: verdict.identity?.jwt?.issuer,
          subject: verdict.identity?.subject,
          client: clientAddress,
          method,
          host,
          path,
          origin,
          upgrade,
        },
        denied ? `denied: ${verdict.reason}` : 'allowed',
      );
    },
    issued({ id, kind, subject, restrictions, expiresAt, maxUses }) {
      log.info(
        {
          event: 'issue',
          token_id: id,
          kind,
          subject,
          gates: restrictions.gates,
          expires_at: expiresAt === undefined ? undefined : new Date(expiresAt).toISOString(),
          max_uses: maxUses,
        },
        `${kind} issued`,
      );
    },
    sessionOpened({ id, subject, parent }) {
      log.info({ event: 'sign_in', token_id: id, subject, parent }, 'session opened');
    },
    signInDenied({ gate, denial, host, origin, client }) {
      if (isSampledOut({ verdict: denial })) return;
      log.info(
        {
          event: 'sign_in',
          gate,
          verdict: 'deny',
          reason: denial.reason,
          detail: denial.detail,
          omitted: omittedBefore(denial),
          token_id: denial.identity?.tokenId || undefined,
          issuer: denial.identity?.jwt?.issuer,
          subject: denial.identity?.subject,
          client,
          host,
          origin: origin === undefined ? undefined : maskText(origin),
        },
        `sign-in denied: ${denial.reason}`,
      );
    },
    changed(tokenId) {
      log.info({ event: 'change', token_id: tokenId }, 'token changed');
    },
    rotated(tokenId) {
      log.info({ event: 'rotation', token_id: tokenId }, 'token rotated');
    },
    revoked(tokenId) {
      log.info({ event: 'revocation', token_id: tokenId }, 'token revoked');
    },
    revokedAll({ subject, gate }, count) {
      log.info({ event: 'revocation', subject, gate, count }, 'tokens revoked');
    },
    jwtRevoked({ issuer, jti, subject }) {
      log.info({ event: 'revocation', issuer, token_id: jti, subject }, 'JWT revoked');
    },
    issuerLoaded(issuer) {
      log.debug({ event: 'issuer', issuer }, 'the keys of an issuer were fetched');
    },
    issuerFailed(issuer, why) {
      log.warn({ event: 'issuer', issuer, why }, 'the keys of an issuer are unavailable');
    },
    // Not logged: the line of the decision says the same.
    bridgeAsked() {},
    bridgeChanged(service, why) {
      if (why === undefined) log.info({ event: 'bridge', service }, 'the sign-on service answers');
      else log.warn({ event: 'bridge', service, why }, 'the sign-on service is unavailable');
    },
    bridgeRechecked({ gate, service }, count) {
      log.info({ event: 'recheck', gate, service, count }, 'cached sign-on answers dropped');
    },
    reloaded(needRestart) {
      log.info(
        { event: 'reload', need_restart: needRestart.length > 0 ? needRestart : undefined },
        'configuration reloaded',
      );
    },
    notReloaded(error) {
      log.error({ event: 'reload', err: error }, 'not reloaded: the old rules stay in force');
    },
    pruned(counts) {
      if (Object.values(counts).every((count) => count === 0)) return;
      log.info({ event: 'prune', ...counts }, 'tokens pruned');
    },
    keyCreated({ name, role, gates }) {
      log.info({ event: 'key', key: name, role, gates }, 'admin key made');
    },
    keyRevoked(name) {
      log.info({ event: 'key', key: name }, 'admin key revoked');
    },
    // At debug level, so that a client that tries keys cannot fill the log; the audit log records a
    // sample.
    adminDenied({ reason, key, client }) {
      log.debug({ event: 'admin_denial', reason, key, client }, 'an admin request was denied');
    },
    auditHead({ seq, hash }) {
      log.info({ event: 'audit_head', seq, hash }, 'the audit log ends here');
    },
    throttled({ gate, network, until, failures }) {
      log.warn(
        { event: 'throttle', gate, network, failures, until: new Date(until).toISOString() },
        gate === undefined
          ? 'too many wrong admin keys from one network'
          : 'too many failed attempts from one network',
      );
    },
    throttleCleared({ gate, network }, count) {
      log.info({ event: 'throttle', gate, network, count }, 'failed attempts cleared');
    },
    failed(what, error) {
      log.error({ event: 'fault', err: error }, what);
    },
  };
}

/** How many similar denials were not logged before this one; undefined for none. */
function omittedBefore({ throttle: tooMany }: Deny): number | undefined {
  return (
    (tooMany !== undefined && tooMany.record !== 'skip' && tooMany.record.omitted) || undefined
  );
}
