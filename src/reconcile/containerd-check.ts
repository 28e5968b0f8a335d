import { CONTAINERD_CHECK, CONTAINERD_UNIT } from '../components/containerd.js';
import { DisklessError } from '../errors.js';
import type { AtWork, Run } from './context.js';
import { fetchEvidence, whereLogs } from './evidence.js';

/**
 * containerd starts and stays up without what it does not understand and without plugins that fail: keys it ignores,
 * drop-ins that win, a CRI plugin that is disabled or broken. So it is asked, in the round trip that starts it.
 */
export function containerdCheck(readyTimeoutMs: number) {
  return {
    /**
     * For the script that starts the unit: who looks, and how many seconds the CRI plugin may take. It serves its socket
     * before systemd is told, and where a unit tells nothing, as much later as the machine is slow.
     */
    args: [CONTAINERD_CHECK, String(Math.ceil(readyTimeoutMs / 1000))],
    /** What the look afterwards may take. */
    patienceMs: readyTimeoutMs,
    /**
     * @throws DisklessError `containerd-config` (it was left as it was), `cri-plugin-down` or `unit-failed` (it ended
     * after its start), when the node told one
     */
    refuse,
  };
}

interface Told {
  kind: string;
  words: string[];
}

async function refuse(context: AtWork, node: string, stdout: string): Promise<void> {
  const told = parseTold(stdout);
  const { version } = context.work.facts.containerd;
  const unreadable = told.find(({ kind }) => kind === 'unreadable');
  if (unreadable) throw configUnreadable({ node, version, reason: unreadable.words[0] ?? '' });
  const settings = told.filter(({ kind }) => kind === 'setting');
  if (settings.length > 0) throw configNotInEffect({ node, version, settings: settings.map(({ words }) => words) });
  const down = told.find(({ kind }) => kind in DOWN);
  if (down === undefined) return;
  throw await isDown({ context, node, message: `containerd ${version} ${down.words[0]}`, ...DOWN[down.kind as Down] });
}

type Down = keyof typeof DOWN;

/** What may be wrong with a containerd that was started, by the node's word for it. */
const DOWN = {
  silent: { code: 'cri-plugin-down', advice: 'a slow machine needs a longer --ready-timeout' },
  cri: { code: 'cri-plugin-down', advice: 'the next up starts it again' },
  ended: { code: 'unit-failed', advice: 'once the reason is gone, the next up starts it again' },
} as const;

/** A user's shell may have greeted before. */
function parseTold(stdout: string): Told[] {
  return stdout.split('\n').flatMap((line) => {
    const [kind = '', ...words] = line.split('\x1f');
    return words.length > 0 ? [{ kind, words }] : [];
  });
}

/** Where settings come from that are not ours. */
const DROP_INS = 'look into what is imported into /etc/containerd/config.toml, e.g. /etc/containerd/conf.d/*.toml';

interface NotInEffect {
  node: string;
  version: string;
  settings: string[][];
}

function configNotInEffect({ node, version, settings }: NotInEffect): DisklessError {
  const lines = settings.map(([key, expected, found]) => {
    return `${key}: expected ${expected}, found ${found ? found : 'nothing'}`;
  });
  const more = lines.length > 1 ? ` (and ${lines.length - 1} more)` : '';
  return new DisklessError({
    code: 'containerd-config',
    host: node,
    message: `containerd ${version} would not run as configured: ${lines[0]}${more}`,
    detail: lines.join('\n'),
    hint: `${DROP_INS}; containerd was not started again`,
  });
}

function configUnreadable({ node, version, reason }: { node: string; version: string; reason: string }): DisklessError {
  return new DisklessError({
    code: 'containerd-config',
    host: node,
    message: `containerd ${version} cannot read its configuration: ${reason}`,
    hint: `${DROP_INS}; containerd was not started again`,
  });
}

interface Failure {
  context: Run;
  node: string;
  code: string;
  message: string;
  advice: string;
}

async function isDown({ context, node, code, message, advice }: Failure): Promise<DisklessError> {
  const evidence = await fetchEvidence(context, node, CONTAINERD_UNIT);
  return new DisklessError({
    code,
    host: node,
    message,
    detail: evidence.tail,
    hint: `${whereLogs([evidence])}; ${advice}`,
  });
}
