import { maxJwksBytes } from '../core/model/jwks.ts';

/**
 * Fetches a JWKS as the standard `fetch` does, but follows no redirect (it would lead away from the
 * host that was configured, perhaps to an internal one) and reads no more than a JWKS may have,
 * counted as it comes in and after decompression. Rejects with an error whose message may be logged:
 * it holds nothing of the answer.
 */
export async function fetchJwks(url: string, options: RequestInit): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(url, { ...options, redirect: 'error' });
  } catch (error) {
    throw new Error(explain(error as Error));
  }
  if (response.status !== 200) {
    await response.body?.cancel();
    throw new Error(`it answered ${response.status}`);
  }
  return new Response(await readBounded(response));
}

async function readBounded(response: Response): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  try {
    // Leaving the loop early cancels the rest.
    for await (const chunk of response.body ?? []) {
      length += chunk.byteLength;
      if (length > maxJwksBytes) break;
      chunks.push(chunk);
    }
  } catch (error) {
    throw new Error(explain(error as Error));
  }
  if (length > maxJwksBytes) throw new Error(`it answered with more than ${maxJwksBytes} bytes`);
  return Uint8Array.from(Buffer.concat(chunks));
}

/** What went wrong, in the words of the innermost cause: fetch itself only says that it failed. */
function explain({ name, message, cause }: Error): string {
  if (name === 'TimeoutError') return 'it did not answer in time';
  return cause instanceof Error ? explain(cause) : message;
}
