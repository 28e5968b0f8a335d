import ssh2, {
  type AgentAuthMethod,
  type AnyAuthMethod,
  type BaseAgent,
  type ParsedKey,
  type PublicKeyAuthMethod,
} from 'ssh2';
import { describe, expect, it } from 'vitest';
import type { Identity } from '../../src/ssh/identities.js';
import { describeKey } from '../../src/ssh/key-format.js';
import { PublicKeyAuth } from '../../src/ssh/public-key-auth.js';

const KEY = ssh2.utils.parseKey(ssh2.utils.generateKeyPairSync('rsa', { bits: 2048 }).private) as ParsedKey;
const publicKey = describeKey(KEY.getPublicSSH());

function offer(source: Identity['source']): AnyAuthMethod {
  const identities = { usable: [{ label: 'key', publicKey, source }], unusable: [] };
  const auth = new PublicKeyAuth({ user: 'core', place: 's4:22', identities, onFailure: () => {} });
  const offered: AnyAuthMethod[] = [];
  auth.handler(['publickey'], false, (method) => offered.push(method as AnyAuthMethod));
  return offered[0] as AnyAuthMethod;
}

describe('RSA signatures', () => {
  const data = Buffer.from('to be signed');

  it.each(['sha256', 'sha512'])('are made with %s', (hash) => {
    const { key } = offer({ kind: 'file', key: KEY }) as PublicKeyAuthMethod & { key: ParsedKey };
    expect(KEY.verify(data, key.sign(data, hash), hash)).toBe(true);
  });

  it.each(['sha1', undefined])('are never made with SHA-1, which ssh2 asks for by %s', (hash) => {
    const { key } = offer({ kind: 'file', key: KEY }) as PublicKeyAuthMethod & { key: ParsedKey };
    expect(key.sign(data, hash)).toBeInstanceOf(Error);
  });

  it('are not asked of an agent with SHA-1 either', () => {
    const source = { kind: 'agent' as const, key: KEY, socket: '/nonexistent/agent' };
    const method = offer(source) as AgentAuthMethod & { agent: BaseAgent<ParsedKey> };
    const answers: unknown[] = [];
    method.agent.sign(KEY, data, { hash: 'sha1' }, (error) => answers.push(error));
    expect(answers).toEqual([expect.objectContaining({ message: expect.stringContaining('SHA-1') })]);
  });
});
