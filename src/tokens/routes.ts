import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import type { FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { formatTimestamp } from '../core/model/audit-entries.ts';
import { actorOf, requireRole } from '../http/admin-auth.ts';
import { ProblemError } from '../http/problem.ts';
import { parseDuration } from '../lib/duration.ts';
import { showToken, toChangeRequest, toIssueRequest } from './bodies.ts';
import {
  changeTokenSchema,
  type IssueBody,
  importTokensSchema,
  issueTicketSchema,
  issueTokenSchema,
  listTokensSchema,
  revokeTokensSchema,
  rotateTokenSchema,
  type ShownIssuedToken,
  type ShownToken,
  type ShownTokenPage,
} from './schemas.ts';
import type { TokenService } from './service.ts';

const refs = {
  token: Type.Unsafe<ShownToken>({ $ref: 'Token#' }),
  issued: Type.Unsafe<ShownIssuedToken>({ $ref: 'IssuedToken#' }),
  page: Type.Unsafe<ShownTokenPage>({ $ref: 'TokenPage#' }),
};
const byId = Type.Object({ id: Type.String({ minLength: 1, maxLength: 64 }) });
const defaultLimit = 50;
const defaultGrace = '10m';

/** `/tokens` and `/tickets` of the admin API. */
export function tokenRoutes(dependencies: {
  /** The services in force. */
  readonly current: () => { readonly tokens: TokenService };
  readonly clock: () => number;
}): FastifyPluginAsyncTypebox {
  const { current, clock } = dependencies;

  async function issue(
    kind: 'token' | 'ticket',
    body: IssueBody,
    request: FastifyRequest,
  ): Promise<ShownIssuedToken> {
    const { token, secret } = await current().tokens.issue(
      toIssueRequest(kind, body),
      actorOf(request),
      request.adminKey,
    );
    return { ...showToken(token, clock()), token: secret };
  }

  return async (app) => {
    app.post(
      '/tokens',
      {
        onRequest: requireRole('issuer'),
        schema: {
          summary: 'Issue a token',
          body: issueTokenSchema,
          response: { 201: refs.issued },
        },
      },
      async (request, reply) => {
        const issued = await issue('token', request.body, request);
        return reply.code(201).header('Location', `/v1/tokens/${issued.id}`).send(issued);
      },
    );

    app.post(
      '/tickets',
      {
        onRequest: requireRole('issuer'),
        schema: {
          summary: 'Issue a ticket, valid for one handshake',
          body: issueTicketSchema,
          response: { 201: refs.issued },
        },
      },
      async (request, reply) => {
        const issued = await issue('ticket', request.body, request);
        return reply.code(201).header('Location', `/v1/tokens/${issued.id}`).send(issued);
      },
    );

    app.get(
      '/tokens',
      {
        onRequest: requireRole('auditor'),
        schema: {
          summary: 'List tokens and tickets, newest first',
          querystring: listTokensSchema,
          response: { 200: refs.page },
        },
      },
      async (request) => {
        const { limit = defaultLimit, cursor, ...filter } = request.query;
        const page = await current().tokens.list(filter, {
          limit,
          ...(cursor !== undefined && { cursor }),
        });
        const now = clock();
        return {
          tokens: page.tokens.map((token) => showToken(token, now)),
          next_cursor: page.nextCursor ?? null,
        };
      },
    );

    app.get(
      '/tokens/:id',
      {
        onRequest: requireRole('auditor'),
        schema: { summary: 'Show a token', params: byId, response: { 200: refs.token } },
      },
      async (request) => {
        const token = await current().tokens.find(request.params.id);
        if (token === undefined) throw new ProblemError('token_not_found');
        return showToken(token, clock());
      },
    );

    app.patch(
      '/tokens/:id',
      {
        onRequest: requireRole(),
        schema: {
          summary: 'Change label, claims or expiry of a token',
          params: byId,
          body: changeTokenSchema,
          response: { 200: refs.token },
        },
      },
      async (request) => {
        const { id } = request.params;
        const token = await current().tokens.change(
          id,
          toChangeRequest(request.body),
          actorOf(request),
        );
        if (token === undefined) throw new ProblemError('token_not_found');
        return showToken(token, clock());
      },
    );

    app.post(
      '/tokens/:id/rotate',
      {
        onRequest: requireRole(),
        schema: {
          summary: 'Give a token a new secret; the old one stays valid for a while',
          params: byId,
          body: rotateTokenSchema,
          response: { 200: refs.issued },
        },
      },
      async (request) => {
        const grace = parseDuration(request.body.grace ?? defaultGrace) ?? 0;
        const rotated = await current().tokens.rotate(request.params.id, grace, actorOf(request));
        if (rotated === undefined) throw new ProblemError('token_not_found');
        return { ...showToken(rotated.token, clock()), token: rotated.secret };
      },
    );

    app.post(
      '/tokens/import',
      {
        bodyLimit: 2 * 1_048_576,
        onRequest: requireRole(),
        schema: {
          summary: 'Import tokens with existing secrets',
          body: importTokensSchema,
          response: {
            200: Type.Object({
              results: Type.Array(
                Type.Enum(['imported', 'imported_weak', 'known', 'refused_weak']),
                { description: 'Result for each token, in the order of the request.' },
              ),
              default_expires_at: Type.Optional(
                Type.String({
                  format: 'date-time',
                  description: 'Expiry of the tokens that were sent without one.',
                }),
              ),
            }),
          },
        },
      },
      async (request) => {
        const { tokens: entries, allow_weak: allowWeak = false } = request.body;
        const requests = entries.map(({ secret, ...body }) => ({
          ...toIssueRequest('token', body),
          secret,
        }));
        const { tokens } = current();
        const expiresAt = formatTimestamp(tokens.defaultExpiry());
        return {
          results: [...(await tokens.import(requests, allowWeak, actorOf(request)))],
          ...(expiresAt !== undefined && { default_expires_at: expiresAt }),
        };
      },
    );

    app.delete(
      '/tokens/:id',
      {
        onRequest: requireRole(),
        schema: {
          summary: 'Revoke a token; a repetition changes nothing',
          params: byId,
          response: { 200: refs.token },
        },
      },
      async (request) => {
        const token = await current().tokens.revoke(request.params.id, actorOf(request));
        if (token === undefined) throw new ProblemError('token_not_found');
        return showToken(token, clock());
      },
    );

    app.post(
      '/tokens/revoke',
      {
        onRequest: requireRole(),
        schema: {
          summary: 'Revoke all tokens of a subject, of a gate, or of a subject at a gate',
          body: revokeTokensSchema,
          response: { 200: Type.Object({ revoked: Type.Integer() }) },
        },
      },
      async (request) => {
        return { revoked: await current().tokens.revokeAll(request.body, actorOf(request)) };
      },
    );
  };
}
