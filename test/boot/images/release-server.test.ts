import { describe, expect, test } from 'vitest';
import { releaseServer } from '../../../src/boot/images/release-server.js';
import { files, serve, status, testSettings } from '../../artifacts/http-fixtures.js';

const FLATCAR = 'https://beta.release.flatcar-linux.net/amd64-usr/current/version.txt';
const FCOS = 'https://builds.coreos.fedoraproject.org/streams/next.json';

describe('where release servers keep things', () => {
  test('upstream, as it is', () => {
    const server = releaseServer({ settings: testSettings() });
    expect(server.locate(FLATCAR).href).toBe(FLATCAR);
    expect(server.title).toBe('the upstream release servers');
  });

  test.each(['http://mirror.lab/os', 'http://mirror.lab/os/'])('on the mirror %s', (mirror) => {
    const server = releaseServer({ mirror, settings: testSettings() });
    expect(server.locate(FLATCAR).href).toBe('http://mirror.lab/os/flatcar/beta/amd64-usr/current/version.txt');
    expect(server.locate(FCOS).href).toBe('http://mirror.lab/os/fcos/streams/next.json');
  });

  test('a mirror that is no URL is refused', () => {
    expect(() => releaseServer({ mirror: '/srv/mirror', settings: testSettings() })).toThrow(/no http or https URL/);
  });
});

describe('what they answer', () => {
  test('texts', async () => {
    const { url } = await serve(files({ '/fcos/streams/next.json': '{}' }));
    expect(await releaseServer({ mirror: url, settings: testSettings() }).text(FCOS)).toBe('{}');
  });

  test('nothing there: what to check', async () => {
    const { url } = await serve(status(404));
    await expect(releaseServer({ mirror: url, settings: testSettings() }).text(FLATCAR)).rejects.toMatchObject({
      code: 'os-release-missing',
      exit: 2,
      message: `${url}flatcar/beta/amd64-usr/current/version.txt is not there`,
      hint: expect.stringContaining('--os-version'),
    });
  });

  test('no answer that helps, after all retries', async () => {
    const { url, requests } = await serve(status(503));
    await expect(releaseServer({ mirror: url, settings: testSettings() }).text(FLATCAR)).rejects.toMatchObject({
      code: 'download-failed',
      exit: 4,
      detail: expect.stringContaining('503'),
    });
    expect(requests).toHaveLength(3);
  });
});
