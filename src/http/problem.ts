import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { ConfigError } from '../config/config-error.ts';
import {
  InvalidField,
  IssuerUnavailable,
  MetricsUnavailable,
  RevocationRefused,
  StoreUnavailable,
  TokenEnded,
} from '../core/model/errors.ts';
import type { Events } from '../core/model/events.ts';
import { explainSchemaError } from '../lib/schema-error.ts';

/** The problems of the admin API: status and title by code. The codes are API. */
export const problems = {
  validation_failed: { status: 400, title: 'The request has invalid fields' },
  malformed_body: { status: 400, title: 'The body cannot be parsed' },
  unauthorized: { status: 401, title: 'A valid admin key is required' },
  forbidden: { status: 403, title: 'This key is not allowed to do that' },
  not_found: { status: 404, title: 'Not found' },
  method_not_allowed: { status: 405, title: 'This path does not support this method' },
  token_not_found: { status: 404, title: 'No token has this id' },
  decision_not_found: {
    status: 404,
    title: 'No recorded decision has this id',
  },
  bridge_not_found: { status: 404, title: 'No gate with this name has a bridge' },
  key_not_found: { status: 404, title: 'No admin key has this name' },
  key_exists: { status: 409, title: 'An admin key with this name already exists' },
  token_ended: { status: 409, title: 'The token can no longer be changed' },
  body_too_large: { status: 413, title: 'The body is too large' },
  config_invalid: {
    status: 422,
    title: 'The configuration is invalid; the old one stays in force',
  },
  too_many_attempts: {
    status: 429,
    title: 'Too many wrong admin keys from this address; try again later',
  },
  unsupported_media_type: { status: 415, title: 'The body must be application/json' },
  too_many_streams: { status: 429, title: 'Too many event streams are open' },
  internal_error: { status: 500, title: 'Internal error' },
  issuer_unavailable: {
    status: 503,
    title: "The keys of the JWT's issuer are unavailable",
  },
  metrics_unavailable: {
    status: 503,
    title: 'The metrics of the other workers are unavailable',
  },
  store_unavailable: { status: 503, title: 'The token store is unavailable' },
} as const satisfies Record<string, { status: number; title: string }>;

/** A stable problem code. */
export type ProblemCode = keyof typeof problems;

/** Body of an error answer, `application/problem+json` (RFC 9457). */
export const problemSchema = Type.Object(
  {
    type: Type.String({ description: 'URN of the problem: `urn:postern:problem:<code>`.' }),
    title: Type.String(),
    status: Type.Integer(),
    code: Type.Enum(Object.keys(problems) as ProblemCode[]),
    detail: Type.Optional(Type.String()),
    errors: Type.Optional(
      Type.Array(
        Type.Object({
          field: Type.String({ description: 'Path of the field, empty for the body as a whole.' }),
          message: Type.String(),
        }),
      ),
    ),
  },
  { $id: 'Problem' },
);

interface FieldError {
  readonly field: string;
  readonly message: string;
}

/** An error that becomes a problem response. */
export class ProblemError extends Error {
  override readonly name = 'ProblemError';
  readonly code: ProblemCode;
  readonly detail: string | undefined;

  constructor(code: ProblemCode, detail?: string) {
    super(detail ?? problems[code].title);
    this.code = code;
    this.detail = detail;
  }
}

/** Sends a problem response. */
export function sendProblem(
  reply: FastifyReply,
  code: ProblemCode,
  more: { detail?: string | undefined; errors?: readonly FieldError[] } = {},
): FastifyReply {
  const { status, title } = problems[code];
  const { detail, errors } = more;
  if (code === 'unauthorized') reply.header('WWW-Authenticate', 'Bearer realm="postern-admin"');
  return reply
    .code(status)
    .type('application/problem+json')
    .serializer(JSON.stringify)
    .send({
      type: `urn:postern:problem:${code}`,
      title,
      status,
      code,
      ...(detail !== undefined && { detail }),
      ...(errors !== undefined && { errors }),
    });
}

/** Error handler of the admin app. Details of unexpected errors are not shown to the client. */
export function createErrorHandler(events: Events) {
  return (error: FastifyError | Error, _request: FastifyRequest, reply: FastifyReply) => {
    if (error instanceof ProblemError) {
      return sendProblem(reply, error.code, { detail: error.detail });
    }
    if (error instanceof InvalidField) {
      const errors = [{ field: error.field, message: error.message }];
      return sendProblem(reply, 'validation_failed', { errors });
    }
    if (error instanceof RevocationRefused) {
      return sendProblem(reply, 'forbidden', { detail: error.message });
    }
    if (error instanceof TokenEnded) {
      return sendProblem(reply, 'token_ended', { detail: error.message });
    }
    if (error instanceof ConfigError) {
      const errors = error.problems.map(({ where, path, message }) => ({
        field: path ?? '',
        message: `${where}: ${message}`,
      }));
      return sendProblem(reply, 'config_invalid', { errors });
    }
    if (error instanceof MetricsUnavailable) return sendProblem(reply, 'metrics_unavailable');
    if (error instanceof IssuerUnavailable) return sendProblem(reply, 'issuer_unavailable');
    if (error instanceof StoreUnavailable) {
      events.failed('an admin request failed', error);
      return sendProblem(reply, 'store_unavailable');
    }
    if ('validation' in error && Array.isArray(error.validation)) {
      return sendProblem(reply, 'validation_failed', { errors: fieldErrors(error) });
    }
    const code = 'code' in error ? problemByFastifyCode[String(error.code)] : undefined;
    if (code !== undefined) return sendProblem(reply, code);
    if ('statusCode' in error && Number(error.statusCode) < 500) {
      return sendProblem(reply, 'malformed_body');
    }
    events.failed('an admin request failed', error);
    return sendProblem(reply, 'internal_error');
  };
}

const problemByFastifyCode: Readonly<Record<string, ProblemCode>> = {
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'unsupported_media_type',
  FST_ERR_CTP_BODY_TOO_LARGE: 'body_too_large',
};

/** Converts TypeBox errors; `/gates/0` becomes `gates.0`. */
function fieldErrors(error: FastifyError): FieldError[] {
  const messages = new Map<string, string>();
  for (const violation of error.validation ?? []) {
    const path = violation.instancePath.slice(1).replaceAll('/', '.');
    const fieldPath = (name: string) => (path === '' ? name : `${path}.${name}`);
    const { requiredProperties = [], additionalProperties = [] } = violation.params as {
      requiredProperties?: string[];
      additionalProperties?: string[];
    };
    for (const name of requiredProperties) messages.set(fieldPath(name), 'is required');
    for (const name of additionalProperties) messages.set(fieldPath(name), 'is not a known field');
    const isListed = ['required', 'additionalProperties', 'boolean'].includes(violation.keyword);
    if (!isListed && !messages.has(path)) messages.set(path, explainSchemaError(violation));
  }
  return [...messages].map(([field, message]) => ({ field, message }));
}
