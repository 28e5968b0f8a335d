import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

test.each(['exit', 'throw', 'SIGTERM', 'SIGINT'])(
  'the terminal has its cursor again after %s in mid-run',
  async (death) => {
    const program = fileURLToPath(new URL('listr-view-child.ts', import.meta.url));
    const command = `stty cols 80 rows 24; exec ${process.execPath} --import tsx ${program} ${death}`;
    // script(1) of util-linux gives it a terminal.
    const child = spawn('script', ['--quiet', '--return', '--command', command, '/dev/null'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let shown = '';
    child.stdout.on('data', (part: Buffer) => {
      shown += part.toString();
    });
    await once(child, 'close');
    expect(shown).toContain('waiting for s4');
    expect(shown.lastIndexOf('\u001b[?25h')).toBeGreaterThan(shown.lastIndexOf('\u001b[?25l'));
  },
);
