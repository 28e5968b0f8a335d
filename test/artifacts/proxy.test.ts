import { describe, expect, it } from 'vitest';
import { proxyFor } from '../../src/artifacts/proxy.js';

const TARGET = new URL('https://dl.example.org/release/file');

describe('proxyFor', () => {
  it.each([
    ['nothing', {}, undefined],
    ['HTTPS_PROXY', { HTTPS_PROXY: 'http://proxy:3128' }, 'http://proxy:3128/'],
    ['https_proxy before HTTPS_PROXY', { https_proxy: 'http://low:1', HTTPS_PROXY: 'http://up:2' }, 'http://low:1/'],
    ['ALL_PROXY', { ALL_PROXY: 'http://all:8080' }, 'http://all:8080/'],
    ['a proxy without a scheme', { https_proxy: 'proxy:3128' }, 'http://proxy:3128/'],
    ['an empty variable', { https_proxy: '' }, undefined],
    ['HTTP_PROXY only', { HTTP_PROXY: 'http://proxy:3128' }, undefined],
  ])('reads %s', (_, env, expected) => {
    expect(proxyFor(TARGET, env)?.href).toBe(expected);
  });

  it('takes http_proxy for http', () => {
    const env = { http_proxy: 'http://plain:1', https_proxy: 'http://tls:2' };
    expect(proxyFor(new URL('http://mirror.lan/file'), env)?.hostname).toBe('plain');
  });

  it.each([
    ['*', true],
    ['dl.example.org', true],
    ['example.org', true],
    ['.example.org', true],
    ['*.example.org', true],
    ['other.org, DL.EXAMPLE.ORG', true],
    ['dl.example.org:443', true],
    ['dl.example.org:8443', false],
    ['ample.org', false],
    ['dl.example.org.evil.net', false],
    ['', false],
  ])('with NO_PROXY=%s goes directly: %s', (list, direct) => {
    const env = { HTTPS_PROXY: 'http://proxy:3128', NO_PROXY: list };
    expect(proxyFor(TARGET, env) === undefined).toBe(direct);
  });

  it('refuses a proxy it cannot speak to, without printing what may be a password', () => {
    const attempt = () => proxyFor(TARGET, { HTTPS_PROXY: 'socks5://user:secret@proxy:1080' });
    expect(attempt).toThrow(expect.objectContaining({ code: 'proxy-unsupported', exit: 2 }));
    expect(attempt).not.toThrow(/secret/);
  });
});
