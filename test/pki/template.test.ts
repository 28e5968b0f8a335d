// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the placeholders of the profiles look like this
import { describe, expect, it } from 'vitest';
import { expandTemplate } from '../../src/pki/template.js';

const values = { 'node.name': 's4', 'api.extra-sans': ['a.example', 'b.example'], 'cluster.domain': 'cluster.local' };

describe('expandTemplate', () => {
  it.each([
    ['localhost', ['localhost']],
    ['${node.name}', ['s4']],
    ['system:node:${node.name}', ['system:node:s4']],
    ['${node.name}.${cluster.domain}', ['s4.cluster.local']],
    ['${api.extra-sans}', ['a.example', 'b.example']],
  ])('%s', (template, texts) => {
    expect(expandTemplate(template, values)).toEqual(texts);
  });

  it('gives nothing for an empty list', () => {
    expect(expandTemplate('${api.extra-sans}', { 'api.extra-sans': [] })).toEqual([]);
  });

  it('takes what looks like a pattern of replacement as it is', () => {
    expect(expandTemplate('x${node.name}', { 'node.name': '$&' })).toEqual(['x$&']);
  });

  it('never leaves a placeholder standing', () => {
    expect(() => expandTemplate('${node.ip}', values)).toThrow(/node\.ip/);
  });
});
