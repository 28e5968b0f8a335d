import { once } from 'node:events';
import { defaultCacheRoot, openCache } from '../artifacts/cache.js';
import { findImages } from '../boot/images/find-images.js';
import type { ImageSet } from '../boot/images/image-set.js';
import { type BootPlan, renderBoot } from '../boot/render.js';
import type { BootEvent, BootEventBody } from '../boot/server/boot-events.js';
import { startBootServer } from '../boot/server/boot-server.js';
import { bootResources, type Resources } from '../boot/server/resources.js';
import { parseListen } from '../config/boot-scalars.js';
import { EXIT, usageError } from '../errors.js';
import { createStamp } from '../runner/stamp.js';
import { readBootInputs } from './boot-inputs.js';
import { type BootLog, openBootLog } from './boot-log.js';
import type { ServeFlags } from './boot-options.js';
import { openBootView } from './boot-view.js';
import { interruptible } from './interrupt.js';

export function bootServeCommand(flags: ServeFlags): Promise<number> {
  return interruptible(async (signal) => {
    const { plan, state, notes } = await readBootInputs(flags, signal);
    const files = renderBoot(plan);
    const listen = listenAddress(plan);
    const cache = await openCache({ root: defaultCacheRoot(process.env) });
    const images = await findImages(plan.settings, cache, process.env);
    const resources = await bootResources({ url: plan.url, files, images: images.images, now: new Date() });
    const log = await openBootLog({ asked: flags.log, state, startedAt: new Date() });
    const told = [...notes, log.note];
    if (flags.output !== 'json') process.stderr.write(told.map((note) => `${note}\n`).join(''));
    await serve({ plan, images, resources, listen, log, flags, signal });
    // Ctrl-C is how a server that runs in the foreground is meant to end.
    return EXIT.done;
  });
}

interface Serving {
  plan: BootPlan;
  images: ImageSet;
  resources: Resources;
  listen: { host: string; port: number };
  log: BootLog;
  flags: ServeFlags;
  signal: AbortSignal;
}

async function serve({ plan, images, resources, listen, log, flags, signal }: Serving): Promise<void> {
  const monotonicMs = (): number => performance.now();
  const stamp = createStamp({ monotonicMs, wallClock: () => new Date() });
  const totals = { requests: 0, sent: 0 };
  let view: ((event: BootEvent) => void) | undefined;
  const emit = (body: BootEventBody): void => {
    if (body.type === 'transfer-finished') {
      totals.requests += 1;
      totals.sent += body.sent;
    }
    const event = stamp(body);
    log.write(event);
    view?.(event);
  };
  const server = await startBootServer({ resources, listen, emit, monotonicMs });
  // Only now: a port that is taken is an error, not a view.
  const opened = openBootView(flags);
  view = opened;
  const { host, port } = server.address;
  emit({
    type: 'serving',
    url: plan.url,
    listen: `${host}:${port}`,
    os: images.title,
    trust: images.trust,
    files: resources.all.map(({ name, size }) => ({ name, bytes: size })),
    stages: ['entry', 'script', ...images.images.map(({ role }) => role), 'ignition'],
    hosts: plan.hosts.map(({ name }) => name),
  });
  if (!signal.aborted) await once(signal, 'abort');
  await server.close();
  emit({ type: 'stopped', ...totals });
  opened.end();
}

/** As told, else the address and port that machines fetch from. */
function listenAddress({ settings, url }: BootPlan): { host: string; port: number } {
  const { hostname, port } = new URL(url);
  const listen = parseListen(settings.listen ?? `${hostname}:${port || '80'}`);
  if (listen) return listen;
  throw usageError({
    code: 'listen-unknown',
    message: `machines fetch from ${url}, and nothing says which address of this machine that is`,
    hint: 'name it: --listen ADDRESS:PORT, or 0.0.0.0:PORT for all of them',
  });
}
