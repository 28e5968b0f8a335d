import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { files, serve } from '../artifacts/http-fixtures.js';
import { createMaker } from '../boot/images/gpg.js';
import { FLATCAR_VERSION, flatcarFiles, INITRD } from '../boot/images/upstream.js';
import { ask } from '../boot/server/serving.js';
import { createOperator } from './cli.js';

test('boot fetch brings what boot serve serves', async () => {
  const maker = createMaker('maker@lab');
  try {
    const flatcar = Object.entries(flatcarFiles()).map(([path, data]) => [`/flatcar/stable/${path}`, data] as const);
    const signatures = flatcar
      .filter(([path]) => /vmlinuz$|cpio\.gz$/.test(path))
      .map(([path, data]) => [`${path}.sig`, maker.sign(Buffer.from(data))] as const);
    const { url } = await serve(files(Object.fromEntries([...flatcar, ...signatures])));
    const operator = createOperator();
    const keyring = join(operator.home, 'keys.asc');
    writeFileSync(keyring, maker.armoured);
    const signed = await operator.run(['boot', 'fetch', '--mirror', url, '--keyring', keyring]);
    expect(signed.exit).toBe(0);
    expect(signed.stdout).toContain(`signed by ${maker.fingerprint}`);
    const hosts = ['--hosts', 's4', '--mac', 's4=52:54:00:00:00:04'];
    const listening = ['--url', 'http://10.0.0.1:8080', '--listen', '127.0.0.1:0'];
    const running = operator.start(['boot', 'serve', ...hosts, ...listening, '-o', 'json']);
    const { listen, os } = JSON.parse(await running.line((line) => line.includes('"serving"')));
    const port = Number(listen.split(':')[1]);
    expect(os).toBe(`Flatcar Container Linux ${FLATCAR_VERSION}`);
    expect((await ask(port, '/images/flatcar/initrd.cpio.gz')).body.equals(INITRD)).toBe(true);
  } finally {
    maker.remove();
  }
});
