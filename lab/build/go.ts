import { join } from 'node:path';
import { labCacheRoot } from './lab-cache.js';
import { runCommand } from './run-command.js';

/** For static binaries out of the standard library and Debian's Go packages; nothing is downloaded. */
export function goEnvironment(): Record<string, string> {
  return {
    GO111MODULE: 'off',
    GOPATH: '/usr/share/gocode',
    GOFLAGS: '-trimpath',
    GOCACHE: join(labCacheRoot(), 'go-cache'),
    CGO_ENABLED: '0',
  };
}

/** Version of the installed Go toolchain, e.g. `go1.19.8`. */
export async function goVersion(): Promise<string> {
  return (await runCommand({ command: 'go', args: ['env', 'GOVERSION'] })).trim();
}
