import { userInfo } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { onAbort } from '../abort.js';
import { contentPlace } from '../app/inputs.js';
import type { SourceRequest, SshRequest } from '../app/requests.js';
import { stateOf } from '../app/state-of.js';
import { recordedCluster } from '../cluster/recorded-cluster.js';
import { loadConfig } from '../config/load.js';
import { SNAPSHOT_EVERY_MS, type Trust } from '../config/serve-schema.js';
import { EXIT, ownError, withHint } from '../errors.js';
import { type PageSettings, pageSettings } from '../page/page-settings.js';
import { startPage } from '../page/start-page.js';
import { createServePage, type ServePage } from '../serve/page-source.js';
import { serve } from '../serve/serve.js';
import { systemd, unitText } from '../serve/systemd.js';
import { sightText } from '../serve/watch-machine.js';
import { DAEMON, type ServeObserver, type ServeOptions } from '../serve/work.js';
import { requireKeyAlone } from '../ssh/login-alone.js';
import { acquireLock } from '../state/lock.js';
import { requireInUse } from '../state/retired.js';
import { interruptible } from './interrupt.js';
import type { StateFlags } from './options.js';
import { print } from './output-lost.js';
import { openUpView } from './view.js';

export interface ServeFlags extends StateFlags, SourceRequest, SshRequest {
  config?: string;
  images?: string;
  trust?: Trust;
  pageListen?: string;
  printUnit: boolean;
}

const clock = {
  now: () => Date.now(),
  monotonicMs: () => performance.now(),
  sleep: (ms: number, signal: AbortSignal) => sleep(ms, undefined, { signal }),
};

/** Ends with Ctrl-C or SIGTERM; SIGHUP has it read its configuration again. */
export async function serveCommand(flags: ServeFlags): Promise<number> {
  if (flags.printUnit) {
    const { argv, env } = process;
    await print(unitText({ argv, env, workingDirectory: process.cwd(), user: userInfo().username }));
    return EXIT.done;
  }
  const page = createServePage(() => new Date());
  const notify = systemd({ env: process.env, onFailure: (error) => log(`systemd cannot be told: ${error.message}`) });
  const reloads = reloadSignals();
  try {
    let settings = await readSettings(flags);
    await interruptible(
      async (signal) => {
        const leave = onAbort(signal, notify.stopping);
        for (let isFirst = true; !signal.aborted; isFirst = false) {
          const serving = { page, observer: observerOf(notify, page), leave: reloads.next(), signal };
          await serveWith(settings, serving, isFirst);
          // What was read before holds as long as what is there now is wrong.
          if (!signal.aborted) settings = await readSettings(flags).catch((error) => told(error, settings));
        }
        leave();
      },
      { hint: 'the cluster goes on as it is' },
    );
    return EXIT.done;
  } finally {
    reloads.end();
    notify.close();
  }
}

/** SIGHUP, which would end the process where nobody listens. */
function reloadSignals() {
  let leave = new AbortController();
  const reload = (): void => leave.abort();
  process.on('SIGHUP', reload);
  return {
    /** Aborts at the next one. */
    next(): AbortSignal {
      leave = new AbortController();
      return leave.signal;
    },
    end: () => void process.off('SIGHUP', reload),
  };
}

type Settings = Pick<ServeOptions, 'state' | 'request' | 'place' | 'unattended' | 'snapshotEveryMs'> & {
  page: PageSettings;
};

async function readSettings(flags: ServeFlags): Promise<Settings> {
  const file = flags.config === undefined ? undefined : await loadConfig(flags.config);
  const state = stateOf(flags, file);
  const { record } = await recordedCluster(state);
  await requireInUse(state);
  // As recorded, where no file says anything: how serve works is a person's word, given with up.
  const config = (file ? file.config.serve : record.spec.serve) ?? {};
  const { identity, snapshotEvery = SNAPSHOT_EVERY_MS } = config;
  if (identity !== undefined) await requireKeyAlone(identity);
  const trust = flags.trust ?? config.trust;
  const { stateDir, sshConfig, hostKeyPolicy, connectTimeout } = flags;
  return {
    state,
    request: {
      cluster: flags.cluster ?? file?.config.cluster,
      ...defined({ stateDir, sshConfig, hostKeyPolicy, connectTimeout }),
    },
    place: contentPlace(flags, file),
    unattended: { trustsPerBoot: trust === 'per-boot', identity },
    snapshotEveryMs: snapshotEvery,
    page: await pageSettings(config.page, flags.pageListen),
  };
}

function told(error: unknown, before: Settings): Settings {
  const { message, hint } = ownError(error);
  log(`red: the configuration is as it was: ${withHint(message, hint)}`);
  return before;
}

interface Serving extends Pick<ServeOptions, 'observer' | 'leave' | 'signal'> {
  page: ServePage;
}

/** @param isFirst Somebody looks: what is wrong ends it. Later the cluster is worth more than its page */
async function serveWith(settings: Settings, { page, ...serving }: Serving, isFirst: boolean): Promise<void> {
  const { state, page: where, ...options } = settings;
  const now = () => new Date();
  const lock = await acquireLock({ path: state.serveLock, command: DAEMON, now });
  try {
    const shown = await startPage({ source: page, ...where, wallClock: now }).catch((error) => {
      if (isFirst) throw error;
      log(`red: there is no page: ${ownError(error).message}`);
      return undefined;
    });
    if (shown) log(`the page is at ${shown.url}`);
    const openView = () => openUpView({ output: 'plain', verbose: false });
    await serve({ ...options, ...serving, state, openView, clock }).finally(() => shown?.close());
  } finally {
    lock.release();
  }
}

function observerOf(notify: ReturnType<typeof systemd>, page: ServePage): ServeObserver {
  let waited: string | undefined;
  return {
    tell(line) {
      log(line);
      page.say({ level: 'info', text: line });
    },
    ready: () => notify.ready(),
    lacks(problems) {
      page.lacks(problems);
      for (const { message, hint } of problems) log(`red: ${withHint(message, hint)}`);
    },
    waits(reason) {
      if (reason === waited) return;
      waited = reason;
      page.waits(reason);
      if (reason !== undefined) log(`waits: ${reason}`);
      notify.status(reason ?? 'at work');
    },
    saw(name, sight) {
      log(`${name} ${sightText(sight)}`);
      page.saw(name, sight);
    },
    looked: (status, backups) => page.looked(status, backups),
    logged: (status) => page.logged(status),
    sink: (event) => page.ran(event),
  };
}

function log(line: string): void {
  process.stdout.write(`${new Date().toISOString()} ${line}\n`);
}

function defined<T extends object>(values: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as never;
}
