import { userInfo } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { contentPlace } from '../app/inputs.js';
import type { SourceRequest, SshRequest } from '../app/requests.js';
import { stateOf } from '../app/state-of.js';
import { loadConfig } from '../config/load.js';
import { CONFIG } from '../config/schema.js';
import { EXIT } from '../errors.js';
import { type ServeObserver, serve } from '../serve/serve.js';
import { systemd, unitText } from '../serve/systemd.js';
import type { Sight } from '../serve/watch-machine.js';
import { interruptible } from './interrupt.js';
import type { StateFlags } from './options.js';
import { print } from './output-lost.js';
import { openUpView } from './view.js';

export interface ServeFlags extends StateFlags, SourceRequest, SshRequest {
  config?: string;
  images?: string;
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
    await print(unitOf(process.argv, process.env));
    return EXIT.done;
  }
  const notify = systemd({ env: process.env, onFailure: (error) => log(`systemd cannot be told: ${error.message}`) });
  try {
    await interruptible(
      async (signal) => {
        while (!signal.aborted) await untilReload(flags, observerOf(notify), signal);
      },
      { hint: 'the cluster goes on as it is' },
    );
    return EXIT.done;
  } finally {
    notify.stopping();
    notify.close();
  }
}

async function untilReload(flags: ServeFlags, observer: ServeObserver, signal: AbortSignal): Promise<void> {
  const leave = new AbortController();
  const reload = (): void => leave.abort();
  process.on('SIGHUP', reload);
  try {
    const file = flags.config === undefined ? undefined : await loadConfig(flags.config);
    const { identity, trust = CONFIG.serve.trust.byDefault } = file?.config.serve ?? {};
    const { snapshotEvery = CONFIG.serve.snapshotEvery.byDefault } = file?.config.serve ?? {};
    const { cluster, stateDir, sshConfig, hostKeyPolicy, connectTimeout } = flags;
    await serve({
      state: stateOf(flags, file),
      request: {
        cluster: cluster ?? file?.config.cluster,
        ...defined({ stateDir, sshConfig, hostKeyPolicy, connectTimeout }),
      },
      place: contentPlace(flags, file),
      unattended: { trustsPerBoot: trust === 'per-boot', identity },
      snapshotEveryMs: snapshotEvery,
      openView: () => openUpView({ output: 'plain', verbose: false }),
      observer,
      clock,
      leave: leave.signal,
      signal,
    });
  } finally {
    process.off('SIGHUP', reload);
  }
}

function observerOf(notify: ReturnType<typeof systemd>): ServeObserver {
  let waited: string | undefined;
  return {
    tell: log,
    ready: () => notify.ready(),
    lacks(problems) {
      for (const { message, hint } of problems) log(`red: ${message}${hint === undefined ? '' : ` (${hint})`}`);
    },
    waits(reason) {
      if (reason === waited) return;
      waited = reason;
      if (reason !== undefined) log(`waits: ${reason}`);
      notify.status(reason ?? 'at work');
    },
    saw: (name, sight) => log(`${name} ${sightText(sight)}`),
    sink: () => {},
  };
}

const sightText = (sight: Sight): string =>
  sight.kind === 'up' ? `is there, in boot ${sight.bootId}` : `is not there: ${sight.why.message}`;

function log(line: string): void {
  process.stdout.write(`${new Date().toISOString()} ${line}\n`);
}

/** As it was called, without what asks for this. */
function unitOf(argv: readonly string[], env: NodeJS.ProcessEnv): string {
  const command = [...argv].filter((word) => word !== '--print-unit');
  const kept = Object.entries(env).filter(([name]) => /^(K8S_DISKLESS_|XDG_(STATE|CACHE)_HOME$)/.test(name));
  const environment = Object.fromEntries(kept.map(([name, value = '']) => [name, value]));
  return unitText({ command, workingDirectory: process.cwd(), user: userInfo().username, environment });
}

function defined<T extends object>(values: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as never;
}
