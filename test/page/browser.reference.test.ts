import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { PageAccess } from '../../src/page/page-access.js';
import type { PageState } from '../../src/page/page-state.js';
import { type Page, startPage } from '../../src/page/start-page.js';
import { type Browser, type PageView, startBrowser } from '../helpers/browser.js';
import { createTestPki } from '../helpers/test-pki.js';
import { coldRun, nodeNames, partialRun } from '../ui/sample-runs.js';
import { LOOPBACK } from './helpers.js';
import { NODE, NOW, type SampleSource, sampleSource, sampleState } from './sample-state.js';

/* The page in a real browser: the last word on what is markup, what can be read, and what a cookie is worth. */

const TOKEN = '0123456789abcdef0123456789abcdef';
const DESK: PageView = { width: 1280, height: 900, scheme: 'light' };

let browser: Browser;
let page: Page;
let source: SampleSource;

beforeAll(async () => {
  browser = await startBrowser();
});
afterAll(() => browser?.close());
afterEach(async () => {
  await browser.open('about:blank', DESK);
  await page.close();
});

async function serve(state: PageState, access: PageAccess = LOOPBACK, port = 0): Promise<void> {
  source = sampleSource(state);
  page = await startPage({ source, access, listen: { host: '127.0.0.1', port }, wallClock: () => NOW });
}

const shows = (words: string) =>
  expect.poll(() => browser.evaluate('document.body.innerText'), { message: words }).toContain(words);
const evaluate = (expression: string): Promise<unknown> => browser.evaluate(expression);

describe('what machines call themselves', () => {
  const EVIL = '<img src=x onerror="window.hit=1"><script>window.hit=1</script>';
  const evil = (): PageState => {
    const text = JSON.stringify({
      ...sampleState(partialRun()),
      waitsFor: 's6',
      log: { lagMs: 1, node: 's5', problem: 's6' },
    });
    const escaped = JSON.stringify(EVIL).slice(1, -1);
    const state = JSON.parse(text.replaceAll(/\bs(4|5|6|11)\b/g, `${escaped}$1`)) as PageState;
    const { document } = state.status ?? {};
    Object.assign(document ?? {}, { cluster: EVIL, kubernetes: EVIL, noQuorum: EVIL });
    document?.problems.push({ message: EVIL, hint: EVIL });
    document?.authorities.push({ id: EVIL as 'etcd', ends: '2027-01-01T00:00:00Z' });
    for (const node of document?.nodes ?? []) Object.assign(node, { unreached: EVIL, kubelet: EVIL, role: EVIL });
    for (const member of document?.members ?? [])
      Object.assign(member, { silent: EVIL, version: EVIL, errors: [EVIL] });
    for (const snapshot of state.snapshots) Object.assign(snapshot, { problems: [EVIL] });
    if (state.last) Object.assign(state.last, { command: EVIL, error: { message: EVIL, hint: EVIL } });
    for (const step of state.last?.steps ?? []) Object.assign(step, { title: EVIL });
    return state;
  };

  it.each([
    ['drawn by the page', {}],
    ['without JavaScript', { scripts: false as const }],
  ])('is text, never markup: %s', async (_name, view) => {
    await serve(evil());
    const { requests, messages } = await browser.open(page.url, { ...DESK, ...view });
    await shows(EVIL);
    expect(await evaluate('document.querySelectorAll(\'img, script:not([src="/page.js"])\').length')).toBe(0);
    expect(await evaluate('window.hit === undefined')).toBe(true);
    expect(messages).toEqual([]);
    expect(requests.filter((url) => !url.startsWith(page.url))).toEqual([]);
  });
});

it('nothing is asked of anybody else, and nothing inline runs', async () => {
  await serve(sampleState());
  const { requests, messages } = await browser.open(page.url, DESK);
  await shows('Nothing is wrong');
  expect(requests.length).toBeGreaterThan(5);
  expect(requests.filter((url) => !url.startsWith(page.url))).toEqual([]);
  expect(messages).toEqual([]);
  expect(
    await evaluate(
      "document.body.insertAdjacentHTML('beforeend', '<b id=x onclick=window.hit=1>x</b>'); x.click(); window.hit === undefined",
    ),
  ).toBe(true);
});

it('is live: what changes is shown where it stands', async () => {
  await serve(sampleState(coldRun().filter(({ type, ms }) => type !== 'run-finished' && ms < 3000)));
  await browser.open(page.url, DESK);
  await shows('up runs, for');
  await evaluate(
    "document.querySelector('#waterfall details').open = true; document.querySelector('#waterfall summary').focus()",
  );
  source.set({ ...sampleState(partialRun()), waitsFor: 'a person' });
  await shows('Waiting: a person');
  await shows('Last run: up left something out');
  expect(await evaluate("document.querySelector('#waterfall').innerText")).toContain('failed on 4 nodes');
  source.set(sampleState());
  await shows('Last run: up did all it had to');
  expect(await evaluate("document.getElementById('waits').hidden")).toBe(true);
});

it('an opened step stays open, and the keyboard where it was, while a run goes on', async () => {
  const until = (end: number) => sampleState(coldRun().filter(({ type, ms }) => type !== 'run-finished' && ms < end));
  await serve(until(3000));
  await browser.open(page.url, DESK);
  await shows('up runs, for');
  await browser.press('Tab');
  await browser.press('Enter');
  await expect.poll(() => evaluate("document.querySelector('#waterfall details').open")).toBe(true);
  source.set(until(4000));
  await shows('Wait until Ready');
  expect(await evaluate("document.querySelector('#waterfall details').open")).toBe(true);
  expect(await evaluate("document.activeElement === document.querySelector('#waterfall summary')")).toBe(true);
  expect(await evaluate("document.querySelector('#waterfall details li').innerText")).toMatch(/^s4 changed, 0\.2 s/);
});

it('says that it lost serve, and goes on when serve is there again', async () => {
  await serve(sampleState());
  await browser.open(page.url, DESK);
  await shows('Nothing is wrong');
  const port = Number(new URL(page.url).port);
  await page.close();
  await shows('connection lost');
  await serve({ ...sampleState(), waitsFor: 'the next life' }, LOOPBACK, port);
  await shows('Waiting: the next life');
  await shows('live, looked at');
});

describe('everything can be read', () => {
  const many = (): PageState => {
    const state = sampleState(coldRun(30));
    const nodes = nodeNames(30).map((name) => ({
      name: `rack-7.${name}.example.org`,
      role: 'worker' as const,
      ...NODE,
    }));
    Object.assign(state.status?.document ?? {}, { nodes });
    return state;
  };
  const states = { well: sampleState, ill: () => sampleState(partialRun()), 'thirty nodes': many };
  const views: PageView[] = [
    DESK,
    { ...DESK, scheme: 'dark' },
    { width: 360, height: 740, scheme: 'light' },
    { width: 768, height: 900, scheme: 'dark' },
  ];

  it.each(Object.keys(states) as (keyof typeof states)[])('%s: nothing is wider than the window', async (name) => {
    await serve(states[name]());
    for (const view of views) {
      await browser.open(page.url, view);
      await shows('Last run');
      expect(await evaluate('document.documentElement.scrollWidth - innerWidth')).toBe(0);
    }
  });

  it.each(['light', 'dark'] as const)('%s: words stand out from what is behind them', async (scheme) => {
    await serve({ ...sampleState(partialRun()), waitsFor: 'a person' });
    await browser.open(page.url, { ...DESK, scheme });
    await shows('Waiting');
    expect(await evaluate(LOW_CONTRAST)).toEqual([]);
  });
});

describe('the token', () => {
  let access: PageAccess;
  beforeAll(async () => {
    const { cert, key } = await (await createTestPki()).issue('page');
    access = { isLoopback: false, token: TOKEN, tls: { cert, key } };
  });

  const enter = async (token: string): Promise<void> => {
    await expect.poll(() => evaluate("document.activeElement?.id === 'token'")).toBe(true);
    await evaluate(`document.getElementById('token').value = ${JSON.stringify(token)}`);
    await browser.press('Enter');
  };

  it('is asked for once, and stands nowhere afterwards', async () => {
    await serve(sampleState(), access);
    await browser.open(page.url, DESK);
    expect(await evaluate('document.body.innerText')).not.toContain('s4');
    await enter('wrong');
    await shows('That is not the token.');
    await enter(TOKEN);
    await shows('Nothing is wrong');
    await shows('live, looked at');
    expect(await evaluate('[location.pathname + location.search, document.cookie, document.referrer]')).toEqual([
      '/',
      '',
      '',
    ]);
    await browser.open(page.url, DESK);
    await shows('Nothing is wrong');
  });

  it('is asked for again when serve forgot the session', async () => {
    await serve(sampleState(), access);
    await browser.open(page.url, DESK);
    await enter(TOKEN);
    await shows('Nothing is wrong');
    const port = Number(new URL(page.url).port);
    await page.close();
    await serve(sampleState(), access, port);
    await shows('Look at the cluster');
  });
});

/** Texts with less than 4.5:1, by WCAG's formula; large ones may have 3:1. */
const LOW_CONTRAST = `(() => {
  const rgb = (text) => text.match(/[\\d.]+/g).map(Number);
  const channel = (value) => (value / 255 <= 0.03928 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4);
  const luminance = ([r, g, b]) => 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
  const behind = (element) => {
    const color = rgb(getComputedStyle(element).backgroundColor);
    return color.length === 3 || color[3] === 1 ? color : behind(element.parentElement);
  };
  const walker = document.createTreeWalker(document.getElementById('live'), NodeFilter.SHOW_TEXT);
  const low = [];
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    if (walker.currentNode.data.trim() === '' || !element.checkVisibility()) continue;
    const style = getComputedStyle(element);
    const [light, dark] = [luminance(rgb(style.color)), luminance(behind(element))].sort((a, b) => b - a);
    const ratio = (light + 0.05) / (dark + 0.05);
    if (ratio < (parseFloat(style.fontSize) >= 24 ? 3 : 4.5)) low.push(element.textContent + ' ' + ratio.toFixed(2));
  }
  return low;
})()`;
