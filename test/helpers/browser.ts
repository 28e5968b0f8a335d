import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';

/** What a page told while it was open. */
export interface PageLog {
  /** Every address that was asked for, the page's own included. */
  requests: string[];
  /** Errors and warnings of the console. */
  messages: string[];
}

export interface PageView {
  width: number;
  height: number;
  scheme: 'light' | 'dark';
  /** Without JavaScript: false. */
  scripts?: false;
}

export interface Browser {
  /** Opens a page anew at this size and colour scheme. */
  open(url: string, view: PageView): Promise<PageLog>;
  /** The value of an expression inside the page, as JSON carries it. */
  evaluate(expression: string): Promise<unknown>;
  /** Types a key, e.g. `Tab` or `Enter`. */
  press(key: string): Promise<void>;
  /** PNG of what is visible. */
  screenshot(): Promise<Buffer>;
  close(): Promise<void>;
}

const KEYS: Readonly<Record<string, number>> = { Tab: 9, Enter: 13 };

interface Message {
  id?: number;
  method?: string;
  params?: Record<string, unknown>;
  result?: Record<string, unknown>;
  error?: { message: string };
}

/** Chromium without a window, spoken to over a pipe in its own protocol: no port, no library. It believes any certificate. */
export async function startBrowser(): Promise<Browser> {
  const profile = await mkdtemp(join(tmpdir(), 'k8s-diskless-browser-'));
  const flags = ['--headless=new', '--no-sandbox', '--disable-gpu', '--hide-scrollbars', '--disable-dev-shm-usage'];
  const child = spawn('chromium', [...flags, '--remote-debugging-pipe', `--user-data-dir=${profile}`, 'about:blank'], {
    // It leaves directories of its own where temporary files go.
    env: { ...process.env, TMPDIR: profile },
    stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'],
  });
  const wire = openWire(child);
  const { targetInfos } = await wire.send('Target.getTargets');
  const page = (targetInfos as { type: string; targetId: string }[]).find(({ type }) => type === 'page');
  const { sessionId } = await wire.send('Target.attachToTarget', { targetId: page?.targetId, flatten: true });
  const send = (method: string, params?: object) => wire.send(method, params, sessionId as string);
  for (const domain of ['Page', 'Network', 'Log', 'Runtime']) await send(`${domain}.enable`);
  await send('Security.setIgnoreCertificateErrors', { ignore: true });
  return {
    async open(url, { width, height, scheme, scripts = true }) {
      const log: PageLog = { requests: [], messages: [] };
      wire.listen((message) => note(message, log));
      const features = [{ name: 'prefers-color-scheme', value: scheme }];
      await send('Emulation.setEmulatedMedia', { features });
      await send('Emulation.setDeviceMetricsOverride', { width, height, deviceScaleFactor: 1, mobile: false });
      await send('Emulation.setScriptExecutionDisabled', { value: !scripts });
      const loaded = wire.event('Page.loadEventFired');
      await send('Page.navigate', { url });
      await loaded;
      return log;
    },
    async evaluate(expression) {
      const { result, exceptionDetails } = await send('Runtime.evaluate', { expression, returnByValue: true });
      if (exceptionDetails) throw new Error(JSON.stringify(exceptionDetails));
      return (result as { value: unknown }).value;
    },
    async press(key) {
      const text = key === 'Enter' ? '\r' : undefined;
      await send('Input.dispatchKeyEvent', { type: 'keyDown', key, code: key, windowsVirtualKeyCode: KEYS[key], text });
      await send('Input.dispatchKeyEvent', { type: 'keyUp', key, code: key, windowsVirtualKeyCode: KEYS[key] });
    },
    async screenshot() {
      const { data } = await send('Page.captureScreenshot', { format: 'png' });
      return Buffer.from(data as string, 'base64');
    },
    async close() {
      const ended = new Promise((resolve) => child.once('exit', resolve));
      child.kill();
      await ended;
      await rm(profile, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

function note({ method, params = {} }: Message, { requests, messages }: PageLog): void {
  if (method === 'Network.requestWillBeSent') requests.push((params.request as { url: string }).url);
  if (method === 'Log.entryAdded') messages.push((params.entry as { text: string }).text);
  if (method === 'Runtime.exceptionThrown') messages.push(JSON.stringify(params));
}

/** The protocol: JSON messages, each ended by a NUL, to file descriptor 3 and from 4. */
function openWire(child: ChildProcess) {
  const [input, output] = [child.stdio[3] as Writable, child.stdio[4] as Readable];
  const waiting = new Map<
    number,
    { resolve: (result: Record<string, unknown>) => void; reject: (error: Error) => void }
  >();
  let listener = (_message: Message): void => {};
  const events = new Map<string, () => void>();
  let last = 0;
  let rest = '';
  child.once('error', fail);
  child.once('exit', (code) => fail(new Error(`chromium ended with ${code}`)));
  input.on('error', () => {});
  output.setEncoding('utf8').on('data', (chunk: string) => {
    const parts = (rest + chunk).split('\0');
    rest = parts.pop() ?? '';
    for (const part of parts) receive(JSON.parse(part) as Message);
  });

  function fail(error: Error): void {
    for (const { reject } of waiting.values()) reject(error);
    waiting.clear();
  }

  function receive(message: Message): void {
    const { id, method, result, error } = message;
    const call = waiting.get(id ?? -1);
    if (call && error) call.reject(new Error(error.message));
    else call?.resolve(result ?? {});
    waiting.delete(id ?? -1);
    listener(message);
    events.get(method ?? '')?.();
  }

  return {
    send(method: string, params: object = {}, sessionId?: string): Promise<Record<string, unknown>> {
      last += 1;
      const id = last;
      input.write(`${JSON.stringify({ id, method, params, sessionId })}\0`);
      return new Promise((resolve, reject) => waiting.set(id, { resolve, reject }));
    },
    listen(onMessage: (message: Message) => void): void {
      listener = onMessage;
    },
    event(method: string): Promise<void> {
      return new Promise((resolve) => events.set(method, resolve));
    },
  };
}
