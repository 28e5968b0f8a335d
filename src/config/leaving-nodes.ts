import { refusal } from '../errors.js';
import type { ResolveNote } from './resolve-notes.js';
import type { NodeSpec } from './spec.js';
import type { WantedHost } from './wanted-hosts.js';

/** What is told of nodes that were removed, where that was cut off. @throws refusal `node-leaving` where one is on the list */
export function leavingNotes(leaving: readonly NodeSpec[], wanted: readonly WantedHost[]): ResolveNote[] {
  const back = leaving.find(({ name }) => wanted.some((host) => host.name === name));
  if (back)
    throw refusal({
      code: 'node-leaving',
      message: `${back.name} is on the list, and its removal was begun and is not finished`,
      hint: `k8s-diskless remove ${back.name} first, and up takes it in as a new node`,
    });
  return leaving.map(({ name }) => ({
    code: 'node-leaving',
    host: name,
    message: `the removal of ${name} is not finished: k8s-diskless remove ${name} goes on with it`,
  }));
}
