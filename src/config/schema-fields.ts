import { type TSchema, Type } from 'typebox';
import { durationPattern } from '../lib/duration.ts';

export const strict = { additionalProperties: false } as const;
export function duration(fallback: string | undefined, description: string) {
  return Type.Optional(
    Type.String({
      pattern: durationPattern,
      description,
      ...(fallback !== undefined && { default: fallback }),
    }),
  );
}
export function words(fallback: string[], description: string) {
  return Type.Optional(
    Type.Array(Type.String({ minLength: 1 }), { minItems: 1, default: fallback, description }),
  );
}
export function text(
  fallback: string | undefined,
  description: string,
  options: Type.TStringOptions = {},
) {
  return Type.Optional(
    Type.String({
      minLength: 1,
      description,
      ...(fallback !== undefined && { default: fallback }),
      ...options,
    }),
  );
}
export function section<const T extends Record<string, TSchema>>(properties: T) {
  return Type.Optional(Type.Object(properties, strict));
}
