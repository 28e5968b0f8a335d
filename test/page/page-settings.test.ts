import { expect, it } from 'vitest';
import { pageSettings } from '../../src/page/page-settings.js';

it('for this machine alone, unless somebody says otherwise', async () => {
  expect(await pageSettings()).toEqual({ listen: { host: '127.0.0.1', port: 8400 }, access: { isLoopback: true } });
});

it('the command line wins over the file', async () => {
  const { listen } = await pageSettings({ listen: '127.0.0.1:1' }, '[::1]:2');
  expect(listen).toEqual({ host: '::1', port: 2 });
});

it('a place that others reach is refused where the files are missing, whoever named it', async () => {
  await expect(pageSettings({ listen: '0.0.0.0:8400' })).rejects.toMatchObject({ code: 'page-unprotected' });
  await expect(pageSettings({}, '10.0.0.1:8400')).rejects.toMatchObject({ code: 'page-unprotected' });
});

it.each(['8400', 'localhost:8400', '127.0.0.1', '127.0.0.1:99999', ''])('%j is no place', async (text) => {
  await expect(pageSettings({}, text)).rejects.toMatchObject({ code: 'page-listen-invalid', exit: 2 });
});
