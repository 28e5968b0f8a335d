import type { IncomingMessage } from 'node:http';

const MOST_BYTES = 4096;

/** What a form sent; undefined where it is none, or too long for any of ours. */
export async function readForm(request: IncomingMessage): Promise<URLSearchParams | undefined> {
  const [type = ''] = (request.headers['content-type'] ?? '').split(';');
  if (type.trim().toLowerCase() !== 'application/x-www-form-urlencoded') return undefined;
  let text = '';
  for await (const chunk of request.setEncoding('latin1')) {
    text += chunk;
    if (text.length > MOST_BYTES) return undefined;
  }
  return new URLSearchParams(text);
}
