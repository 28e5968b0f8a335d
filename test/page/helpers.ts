import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import type { PageAccess } from '../../src/page/page-access.js';
import type { PageSource } from '../../src/page/page-state.js';
import { type Page, startPage } from '../../src/page/start-page.js';
import { NOW, sampleSource } from './sample-state.js';

export const LOOPBACK: PageAccess = { isLoopback: true };

interface Options {
  source?: PageSource;
  access?: PageAccess;
  heartbeatMs?: number;
}

/** On a port of its own, without pauses between what it tells. */
export function samplePage({
  source = sampleSource(),
  access = LOOPBACK,
  heartbeatMs = 60_000,
}: Options): Promise<Page> {
  const listen = { host: '127.0.0.1', port: 0 };
  return startPage({ source, listen, access, wallClock: () => NOW, gapMs: 0, heartbeatMs });
}

/** As a program asks that says of itself what it likes, which fetch() does not let it. */
export async function ask(url: string, headers: Record<string, string> = {}, path?: string): Promise<IncomingMessage> {
  const options = { headers, agent: false, ...(path !== undefined && { path }) };
  const [response] = (await once(get(url, options), 'response')) as [IncomingMessage];
  return response;
}

export interface SentEvent {
  id: string;
  data: { at: string; changed: Record<string, unknown> };
}

/** Reads server-sent events, one after the other. */
export async function eventReader(url: string, headers: Record<string, string> = {}) {
  const response = await ask(`${url}api/v1/events`, headers);
  const chunks = response.setEncoding('utf8')[Symbol.asyncIterator]() as AsyncIterator<string>;
  let parts: string[] = [];

  async function block(): Promise<string | undefined> {
    for (;;) {
      // Joined only once it is whole: one may have many megabytes.
      const tail = parts.slice(-2).join('');
      const end = tail.indexOf('\n\n');
      if (end >= 0) {
        const found = [...parts.slice(0, -2), tail.slice(0, end)].join('');
        parts = [tail.slice(end + 2)];
        return found;
      }
      const { value, done } = await chunks.next();
      if (done) return undefined;
      parts.push(value);
    }
  }

  return {
    response,
    /** Whatever comes next, as it is written. */
    block,
    /** The next that tells something; undefined at the end. */
    async next(): Promise<SentEvent | undefined> {
      for (;;) {
        const found = await block();
        if (found === undefined) return undefined;
        const fields = new Map(
          found.split('\n').map((line) => [line.split(': ')[0], line.slice(line.indexOf(': ') + 2)]),
        );
        const [id, data] = [fields.get('id'), fields.get('data')];
        if (id !== undefined && data !== undefined) return { id, data: JSON.parse(data) as SentEvent['data'] };
      }
    },
    close: () => response.destroy(),
  };
}
