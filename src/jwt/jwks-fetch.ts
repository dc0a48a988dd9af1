import { maxJwksBytes } from '../core/model/jwks.ts';

/**
 * Fetches a JWKS like the standard `fetch`, but follows no redirect (it could lead from the configured host
 * to an internal one) and limits the size of the body, as it comes in and after decompression. Rejects with
 * an error that is safe to log: its message contains nothing of the answer.
 */
export async function fetchJwks(url: string, options: RequestInit): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(url, { ...options, redirect: 'error' });
  } catch (error) {
    throw new Error(innermostMessage(error as Error));
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
    // Leaving the loop early cancels the rest of the body.
    for await (const chunk of response.body ?? []) {
      length += chunk.byteLength;
      if (length > maxJwksBytes) break;
      chunks.push(chunk);
    }
  } catch (error) {
    throw new Error(innermostMessage(error as Error));
  }
  if (length > maxJwksBytes) throw new Error(`it answered with more than ${maxJwksBytes} bytes`);
  return Uint8Array.from(Buffer.concat(chunks));
}

/** The message of the innermost cause: that of `fetch` itself gives no reason. */
function innermostMessage({ name, message, cause }: Error): string {
  if (name === 'TimeoutError') return 'it did not answer in time';
  return cause instanceof Error ? innermostMessage(cause) : message;
}
