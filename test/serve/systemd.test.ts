import { expect, it } from 'vitest';
import { unitText } from '../../src/serve/systemd.js';

it('is a unit that says when it is ready, is watched, and is started again', () => {
  const text = unitText({
    argv: ['/usr/bin/node', '/opt/k8s diskless/cli.js', 'serve', '--print-unit', '--config', '/etc/lab$1/100%.yaml'],
    workingDirectory: '/srv/100%n',
    user: 'lab',
    env: { K8S_DISKLESS_ARTIFACTS: '/srv/a$b "c"', K8S_DISKLESS_SERVE_PRINT_UNIT: 'true', HOME: '/home/lab' },
  });
  expect(text).toContain('ExecStart=/usr/bin/node "/opt/k8s diskless/cli.js" serve --config /etc/lab$$1/100%%.yaml\n');
  expect(text).toContain('Environment="K8S_DISKLESS_ARTIFACTS=/srv/a$b \\"c\\""\n');
  // One that is told by its variable to print a unit would never serve.
  expect(text).not.toMatch(/PRINT_UNIT|--print-unit|HOME/);
  expect(text).toContain('WorkingDirectory=/srv/100%%n\n');
  for (const line of [
    'Type=notify',
    'NotifyAccess=all',
    'WatchdogSec=60',
    'Restart=always',
    'RestartPreventExitStatus=5',
    'User=lab',
    'UMask=0077',
  ])
    expect(text).toContain(`\n${line}\n`);
  expect(text).toContain('ExecReload=/bin/kill -HUP $MAINPID');
});
