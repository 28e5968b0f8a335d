import { once } from 'node:events';
import { connect } from 'node:net';
import { afterEach, expect, it, vi } from 'vitest';
import type { Page } from '../../src/page/start-page.js';
import { eventReader, samplePage } from './helpers.js';
import { sampleSource, sampleState } from './sample-state.js';

let page: Page;
afterEach(async () => {
  vi.useRealTimers();
  await page.close();
});

const state = sampleState();

it('all at first, then only what changed; what is no longer there is null', async () => {
  const source = sampleSource(state);
  page = await samplePage({ source });
  const reader = await eventReader(page.url);
  expect(reader.response.headers['content-type']).toBe('text/event-stream');
  const first = await reader.next();
  expect(first?.data.changed).toMatchObject({ log: state.log, snapshots: state.snapshots, summary: { ready: 3 } });
  source.set({ ...state, waitsFor: 's6 to come back' });
  expect((await reader.next())?.data.changed).toEqual({ waitsFor: 's6 to come back' });
  const { log, ...without } = state;
  source.set(without);
  expect((await reader.next())?.data.changed).toEqual({ waitsFor: null, log: null });
  reader.close();
});

it('a reader that comes back is told what it missed, and nothing where it missed nothing', async () => {
  const source = sampleSource(state);
  page = await samplePage({ source, heartbeatMs: 5 });
  const reader = await eventReader(page.url);
  const first = await reader.next();
  reader.close();
  source.set({ ...state, waitsFor: 'one' });
  source.set({ ...state, waitsFor: 'two' });
  const again = await eventReader(page.url, { 'last-event-id': first?.id ?? '' });
  const missed = await again.next();
  expect(missed?.data.changed).toEqual({ waitsFor: 'two' });
  again.close();
  const third = await eventReader(page.url, { 'last-event-id': missed?.id ?? '' });
  expect(await third.block()).toMatch(/^retry: \d+$/);
  expect(await third.block()).toMatch(/^: /);
  third.close();
});

it.each(['abc-1', 'nonsense', '-1', ''])('one that names "%s", which is not of this life, is told all', async (id) => {
  page = await samplePage({ source: sampleSource(state) });
  const reader = await eventReader(page.url, { 'last-event-id': id });
  expect(Object.keys((await reader.next())?.data.changed ?? {})).toContain('status');
  reader.close();
});

it('a late one is told what is true now', async () => {
  const source = sampleSource(state);
  page = await samplePage({ source });
  const early = await eventReader(page.url);
  await early.next();
  source.set({ ...state, waitsFor: 'x' });
  const told = await early.next();
  const late = await eventReader(page.url);
  const first = await late.next();
  expect(first?.id).toBe(told?.id);
  expect(first?.data.changed).toMatchObject({ waitsFor: 'x', log: state.log });
  early.close();
  late.close();
});

it('one that takes nothing is let go, and holds up nobody', async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  const source = sampleSource(state);
  page = await samplePage({ source });
  const { hostname, port } = new URL(page.url);
  const slow = connect(Number(port), hostname).pause();
  slow.write(`GET /api/v1/events HTTP/1.1\r\nHost: ${hostname}\r\n\r\n`);
  const readers = async (): Promise<string> => {
    const text = await (await fetch(`${page.url}metrics`)).text();
    return /^k8s_diskless_page_readers (\d+)$/m.exec(text)?.[1] ?? '';
  };
  await expect.poll(readers).toBe('1');
  // More than what kernel and TCP hold of a connection.
  const long = 'x'.repeat(32_000_000);
  source.set({ ...state, waitsFor: long });
  const quick = await eventReader(page.url);
  expect((await quick.next())?.data.changed).toMatchObject({ waitsFor: long });
  source.set({ ...state, waitsFor: 'short' });
  expect((await quick.next())?.data.changed).toEqual({ waitsFor: 'short' });
  expect(await readers()).toBe('2');
  vi.advanceTimersByTime(10 * 60_000);
  await expect.poll(readers).toBe('1');
  slow.on('error', () => undefined).resume();
  await once(slow, 'close');
  quick.close();
});

// Without that it would be let go after the minute in which nothing moves.
it('one that takes nothing holds up no end', { timeout: 45_000 }, async () => {
  const source = sampleSource({ ...state, waitsFor: 'x'.repeat(32_000_000) });
  page = await samplePage({ source });
  const { hostname, port } = new URL(page.url);
  const slow = connect(Number(port), hostname).on('error', () => undefined);
  slow.write(`GET /api/v1/events HTTP/1.1\r\nHost: ${hostname}\r\n\r\n`);
  await once(slow, 'data');
  slow.pause();
  await page.close();
});

it('a fault of the state is told as one, without its words, and is none of whoever changed it', async () => {
  const source = sampleSource(state);
  page = await samplePage({ source });
  const reader = await eventReader(page.url);
  await reader.next();
  const broken = { ...state, epochs: [{ node: 1n as unknown as string, epochs: [] }] };
  source.set(broken);
  await expect(reader.next()).rejects.toThrow('aborted');
  for (const path of ['api/v1/status', 'api/v1/events']) {
    const answer = await fetch(page.url + path);
    expect([answer.status, await answer.text()]).toEqual([500, 'this page has a fault\n']);
  }
  source.set(state);
  expect((await fetch(`${page.url}api/v1/status`)).status).toBe(200);
});

it('ends when the page is closed, so that it holds up nobody', async () => {
  page = await samplePage({ source: sampleSource(state) });
  const reader = await eventReader(page.url);
  await reader.next();
  await page.close();
  expect(await reader.next()).toBeUndefined();
});
