import { expect, test } from 'vitest';
import { parseManifest } from '../../src/kube/manifest.js';

const SERVICE = 'apiVersion: v1\nkind: Service\nmetadata:\n  name: kube-dns\n';

/** A placeholder, spelled so that it is none of TypeScript's. */
const ref = (name: string): string => `\${${name}}`;

function parse(text: string, values?: Record<string, string | number | boolean>) {
  return parseManifest({ text, source: 'm.yaml', ...(values && { values }) });
}

test('reads documents in order, flattens lists, skips empty ones', () => {
  const list =
    'apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: A, metadata: {name: a}}\n- {apiVersion: v1, kind: B, metadata: {name: b}}\n';
  const objects = parse(`# head\n---\n${list}---\n---\n${SERVICE}`);
  expect(objects.map(({ kind }) => kind)).toEqual(['A', 'B', 'Service']);
});

test('fills placeholders by type and inside text', () => {
  const [ip, count, on] = ['IP', 'COUNT', 'ON'].map(ref);
  const spec = `spec:\n  clusterIP: ${ip}\n  replicas: ${count}\n  on: ${on}\n  list: ["x-${count}-${ip}"]\n`;
  const [object] = parse(SERVICE + spec, { IP: '10.96.0.10', COUNT: 2, ON: true });
  expect(object).toMatchObject({ spec: { clusterIP: '10.96.0.10', replicas: 2, on: true, list: ['x-2-10.96.0.10'] } });
});

test('a value cannot change the structure around it', () => {
  const [object] = parse(`${SERVICE}spec:\n  a: ${ref('EVIL')}\n`, { EVIL: '1\nb: {c: "d"}' });
  expect(object).toMatchObject({ spec: { a: '1\nb: {c: "d"}' } });
});

test('an unknown placeholder is an error that names the place', () => {
  expect(() => parse(`${SERVICE}---\n${SERVICE}spec: {a: "${ref('WHAT')}"}\n`, { toString: 'x' })).toThrow(
    expect.objectContaining({
      code: 'manifest-placeholder',
      message: `m.yaml:6:1 nothing is known for ${ref('WHAT')}`,
    }),
  );
});

test('without values, placeholders are text: manifests of others hold shell', () => {
  expect(parse(`${SERVICE}data: {run: "echo ${ref('HOME')}"}\n`)[0]).toMatchObject({
    data: { run: `echo ${ref('HOME')}` },
  });
});

test.each([
  ['a: [1', /^m\.yaml:\d+:\d+ /],
  ['a: 1\na: 2\n', /^m\.yaml:2:1 /],
  ['kind: Service\n', /^m\.yaml:1:1 is not a Kubernetes object/],
  ['just text\n', /^m\.yaml:1:1 is not a Kubernetes object/],
])('%j is refused with its place', (text, message) => {
  expect(() => parse(text)).toThrow(
    expect.objectContaining({ code: 'manifest-invalid', exit: 2, message: expect.stringMatching(message) }),
  );
});
