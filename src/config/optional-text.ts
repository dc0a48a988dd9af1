import { Type } from 'typebox';

/** Schema of a text that may be left out, and is not empty. */
export function optionalText(description: string, options: Type.TStringOptions = {}) {
  return Type.Optional(Type.String({ minLength: 1, description, ...options }));
}
