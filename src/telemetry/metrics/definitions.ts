/** How values of several workers are aggregated, in prom-client's terms. */
export type Aggregation = 'sum' | 'min' | 'max' | 'first';

/** Definition of a metric, as it is exported and documented. */
export interface Definition {
  readonly name: `postern_${string}`;
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly help: string;
  readonly labels: readonly string[];
  readonly aggregation: Aggregation;
  /** Upper bounds of a histogram, ascending. */
  readonly buckets?: readonly number[];
}

/**
 * Seconds: a decision without network access takes 20 µs, one that waits for a sign-on service up
 * to its timeout.
 */
const decisionBuckets = [
  ...[0.00002, 0.00005, 0.0001, 0.0002, 0.0005, 0.001, 0.002, 0.005],
  ...[0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1],
];

/** Seconds: a cached row takes microseconds, a disk sync milliseconds. */
const storeBuckets = [
  ...[0.000005, 0.00001, 0.00002, 0.00005, 0.0001, 0.0002, 0.0005, 0.001, 0.002, 0.005],
  ...[0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1],
];

/** Seconds: a request to another service over the network. */
const bridgeBuckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5];

/**
 * All of Postern's metrics. Names and labels are API: dashboards and alerts use them. No label
 * holds client input, a subject, token id, path, host or address; the configuration or the code
 * bounds the values of each label.
 */
export const definitions = {
  decisions: {
    name: 'postern_decisions_total',
    type: 'counter',
    help: 'Decisions by gate, request (handshake or page), verdict (allow or deny), reason of a denial and source of the credential.',
    labels: ['gate', 'request', 'verdict', 'reason', 'source'],
    aggregation: 'sum',
  },
  decisionDuration: {
    name: 'postern_decision_duration_seconds',
    type: 'histogram',
    help: 'Time from the subrequest read to the verdict, by gate.',
    labels: ['gate'],
    aggregation: 'sum',
    buckets: decisionBuckets,
  },
  storeDuration: {
    name: 'postern_store_operation_duration_seconds',
    type: 'histogram',
    help: 'Duration of store operations: read (one statement), write (until durable), commit (the disk only).',
    labels: ['operation'],
    aggregation: 'sum',
    buckets: storeBuckets,
  },
  storeFailures: {
    name: 'postern_store_failures_total',
    type: 'counter',
    help: 'Failed reads and writes of the store.',
    labels: ['operation'],
    aggregation: 'sum',
  },
  commitWrites: {
    name: 'postern_store_commit_writes',
    type: 'histogram',
    help: 'Writes that shared a commit.',
    labels: [],
    aggregation: 'sum',
    buckets: [1, 2, 4, 8, 16, 32, 64, 128, 256],
  },
  tokens: {
    name: 'postern_tokens',
    type: 'gauge',
    help: 'Tokens in the store by kind (token, ticket, session) and state, counted at most every 30 seconds.',
    labels: ['kind', 'state'],
    aggregation: 'max',
  },
  tokensIssued: {
    name: 'postern_tokens_issued_total',
    type: 'counter',
    help: 'Tokens and tickets issued or imported, and sessions opened.',
    labels: ['kind'],
    aggregation: 'sum',
  },
  tokensRevoked: {
    name: 'postern_tokens_revoked_total',
    type: 'counter',
    help: 'Tokens, tickets and sessions revoked or signed out.',
    labels: [],
    aggregation: 'sum',
  },
  tokensPruned: {
    name: 'postern_tokens_pruned_total',
    type: 'counter',
    help: 'Rows deleted after their retention time.',
    labels: ['kind'],
    aggregation: 'sum',
  },
  lastPrune: {
    name: 'postern_last_prune_timestamp_seconds',
    type: 'gauge',
    help: 'Time of the last completed pruning.',
    labels: [],
    aggregation: 'max',
  },
  jwksUp: {
    name: 'postern_jwks_up',
    type: 'gauge',
    help: "1 if the last fetch of an issuer's keys succeeded, 0 if it failed; with several workers, the minimum.",
    labels: ['issuer'],
    aggregation: 'min',
  },
  jwksLastSuccess: {
    name: 'postern_jwks_last_success_timestamp_seconds',
    type: 'gauge',
    help: "Time of the last successful fetch of an issuer's keys.",
    labels: ['issuer'],
    aggregation: 'max',
  },
  jwksFailures: {
    name: 'postern_jwks_failures_total',
    type: 'counter',
    help: "Failed fetches of an issuer's keys.",
    labels: ['issuer'],
    aggregation: 'sum',
  },
  bridgeUp: {
    name: 'postern_bridge_up',
    type: 'gauge',
    help: '1 if the last request to a sign-on service had a usable answer, 0 if not; the minimum of its bridges and workers.',
    labels: ['service'],
    aggregation: 'min',
  },
  bridgeDuration: {
    name: 'postern_bridge_request_duration_seconds',
    type: 'histogram',
    help: 'Duration of requests to a sign-on service, answered or not.',
    labels: ['service'],
    aggregation: 'sum',
    buckets: bridgeBuckets,
  },
  bridgeFailures: {
    name: 'postern_bridge_failures_total',
    type: 'counter',
    help: 'Requests to a sign-on service without a usable answer.',
    labels: ['service'],
    aggregation: 'sum',
  },
  bridgeRechecks: {
    name: 'postern_bridge_rechecks_total',
    type: 'counter',
    help: 'Requests of operators to drop the cached answers of a sign-on service.',
    labels: ['service'],
    aggregation: 'sum',
  },
  adminRequests: {
    name: 'postern_admin_requests_total',
    type: 'counter',
    help: 'Requests to the admin listener by template of the route, method and status.',
    labels: ['route', 'method', 'status'],
    aggregation: 'sum',
  },
  adminAuthenticationFailures: {
    name: 'postern_admin_authentication_failures_total',
    type: 'counter',
    help: 'Requests to the admin API without a valid admin key.',
    labels: [],
    aggregation: 'sum',
  },
  reloadSuccessful: {
    name: 'postern_config_last_reload_successful',
    type: 'gauge',
    help: '1 if the last reload succeeded, 0 if the configuration was invalid.',
    labels: [],
    aggregation: 'min',
  },
  lastReload: {
    name: 'postern_config_last_reload_success_timestamp_seconds',
    type: 'gauge',
    help: 'Time when the configuration in force was loaded, at the start or by a reload.',
    labels: [],
    aggregation: 'min',
  },
  reloadFailures: {
    name: 'postern_config_reload_failures_total',
    type: 'counter',
    help: 'Reloads that failed because the configuration was invalid.',
    labels: [],
    aggregation: 'sum',
  },
  faults: {
    name: 'postern_faults_total',
    type: 'counter',
    help: 'Log lines with the event fault: failures that the client did not cause.',
    labels: [],
    aggregation: 'sum',
  },
  workers: {
    name: 'postern_workers',
    type: 'gauge',
    help: 'Processes that answer nginx.',
    labels: [],
    aggregation: 'sum',
  },
  workerRestarts: {
    name: 'postern_worker_restarts_total',
    type: 'counter',
    help: 'Workers that ended and were replaced.',
    labels: [],
    aggregation: 'sum',
  },
  buildInfo: {
    name: 'postern_build_info',
    type: 'gauge',
    help: 'Always 1; the version is in the label.',
    labels: ['version'],
    aggregation: 'first',
  },
} as const satisfies Record<string, Definition>;

/** Short name of a metric. */
export type MetricKey = keyof typeof definitions;

/** The metrics of a type. */
export type KeyOf<Type extends Definition['type']> = {
  [Key in MetricKey]: (typeof definitions)[Key]['type'] extends Type ? Key : never;
}[MetricKey];

/** Values for all labels of a metric. */
export type LabelsOf<Key extends MetricKey> = Readonly<
  Record<(typeof definitions)[Key]['labels'][number], string>
>;
