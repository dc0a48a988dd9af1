import { type TSchema, Type } from 'typebox';
import { durationPattern } from '../lib/duration.ts';

// Builders of the schema's fields. Each field is optional.

/** Options of an object that admits no keys but its own. */
export const strict = { additionalProperties: false } as const;

/** A duration such as `30s`. */
export function duration(fallback: string | undefined, description: string) {
  return Type.Optional(
    Type.String({
      pattern: durationPattern,
      description,
      ...(fallback !== undefined && { default: fallback }),
    }),
  );
}

/**
 * A list of texts that restricts, with at least one item: taken for "not set", an empty list would
 * let everybody in.
 */
export function stringList(description: string, fallback?: string[]) {
  return Type.Optional(
    Type.Array(Type.String({ minLength: 1 }), {
      description,
      minItems: 1,
      ...(fallback && { default: fallback }),
    }),
  );
}

/** A list of texts that grants something. It may be empty: that takes back what `default_gate` grants. */
export function grantList(description: string) {
  return Type.Optional(Type.Array(Type.String({ minLength: 1 }), { description }));
}

/** A switch that is off by default. */
export function flag(description: string) {
  return Type.Optional(Type.Boolean({ default: false, description }));
}

/** A text with a default. */
export function text(
  fallback: string | undefined,
  description: string,
  options: Type.TStringOptions = {},
) {
  return optionalText(description, {
    ...(fallback !== undefined && { default: fallback }),
    ...options,
  });
}

/** A text. */
export function optionalText(description: string, options: Type.TStringOptions = {}) {
  return Type.Optional(Type.String({ minLength: 1, description, ...options }));
}

/** A section of the file. */
export function section<const T extends Record<string, TSchema>>(properties: T) {
  return Type.Optional(Type.Object(properties, strict));
}
