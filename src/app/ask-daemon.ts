import { request } from 'node:http';
import { deadline, onAbort } from '../abort.js';
import type { LogStatus } from '../cluster/cluster-status.js';
import type { StateDir } from '../state/state-dir.js';

/** It answers at once, or waits for a quorum that may be gone. */
const ANSWER_MS = 2_000;

/** How far the change log of the daemon is that runs beside us; undefined where none runs, or it keeps none. */
export async function logOfDaemon(state: StateDir, signal: AbortSignal): Promise<LogStatus | undefined> {
  const text = await ask(state, { method: 'GET', path: '/log' }, signal);
  return text === undefined ? undefined : ((JSON.parse(text) as LogStatus | null) ?? undefined);
}

/** Has the daemon that runs beside us, if one does, bring to the disk what was written so far. */
export async function flushDaemon(state: StateDir, signal: AbortSignal): Promise<void> {
  await ask(state, { method: 'POST', path: '/flush' }, signal);
}

interface Question {
  method: 'GET' | 'POST';
  path: string;
}

/** Over a socket in the state directory, which is its owner's alone; undefined where nobody answers. */
async function ask({ serveSocket }: StateDir, question: Question, signal: AbortSignal): Promise<string | undefined> {
  const limit = deadline({ parent: signal, ms: ANSWER_MS });
  const answer = await new Promise<string | undefined>((resolve) => {
    const asked = request({ socketPath: serveSocket, ...question }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (part: string) => {
        text += part;
      });
      response.on('end', () => resolve(response.statusCode === 200 ? text : undefined));
      response.on('error', () => resolve(undefined));
    });
    const release = onAbort(limit.signal, () => asked.destroy());
    asked.on('error', () => resolve(undefined));
    asked.on('close', () => {
      release();
      resolve(undefined);
    });
    asked.end();
  });
  limit.release();
  signal.throwIfAborted();
  return answer;
}
