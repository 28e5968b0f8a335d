import { readFile } from 'node:fs/promises';
import type { ParsedKey } from 'ssh2';
import { deadline } from '../abort.js';
import { DisklessError } from '../errors.js';
import { onAbortError } from './abort-error.js';
import { AgentClient } from './agent-client.js';
import { describeKey, type KeyFile, readKeyFile } from './key-format.js';
import type { HostKey } from './transport.js';

/** A key we can prove to own. */
export interface Identity {
  /** What a person calls it: the path, or the agent's comment. */
  label: string;
  publicKey: HostKey;
  source: { kind: 'file'; key: ParsedKey } | { kind: 'agent'; key: ParsedKey; socket: string };
}

/** A key that was configured but cannot be offered. */
interface UnusableIdentity {
  label: string;
  reason: string;
}

export interface Identities {
  /** In the order in which they are offered. */
  usable: Identity[];
  unusable: UnusableIdentity[];
}

export interface GatherOptions {
  identityFiles: readonly string[];
  /** Offer, of the agent's keys, only those whose public half is among the identity files. */
  identitiesOnly: boolean;
  agentSocket?: string | undefined;
  /** How long the agent may take to list its keys. Default 5 s. */
  agentTimeoutMs?: number;
  signal?: AbortSignal | undefined;
}

interface LoadedFile {
  path: string;
  content: KeyFile;
  /** Fingerprint, where the file or the *.pub beside it shows the public half. */
  fingerprint: string | undefined;
}

/**
 * Collects keys in OpenSSH's order: the agent's keys that identity files name, the agent's others, then key files.
 * sshd counts every key offered against MaxAuthTries, so the likely ones come first.
 */
export async function gatherIdentities(options: GatherOptions): Promise<Identities> {
  const [files, agent] = await Promise.all([loadFiles(options.identityFiles), agentIdentities(options)]);
  const rank = new Map(files.map((file, index) => [file.fingerprint, index]));
  const rankOf = (identity: Identity) => rank.get(identity.publicKey.fingerprint);

  const named = agent.identities.filter((identity) => rankOf(identity) !== undefined);
  named.sort((a, b) => (rankOf(a) ?? 0) - (rankOf(b) ?? 0));
  const others = options.identitiesOnly ? [] : agent.identities.filter((identity) => rankOf(identity) === undefined);
  const held = new Set(agent.identities.map((identity) => identity.publicKey.fingerprint));

  const result: Identities = { usable: [...named, ...others], unusable: agent.unusable };
  for (const file of files) {
    if (file.fingerprint !== undefined && held.has(file.fingerprint)) continue;
    const identity = fileIdentity(file);
    if ('source' in identity) result.usable.push(identity);
    else result.unusable.push(identity);
  }
  return result;
}

async function loadFiles(paths: readonly string[]): Promise<LoadedFile[]> {
  const loaded = await Promise.all([...new Set(paths)].map(loadFile));
  return loaded.filter((file) => file !== undefined);
}

/** A missing file is normal: ssh lists every default name. */
async function loadFile(path: string): Promise<LoadedFile | undefined> {
  const beside = await loadPublicHalf(path);
  try {
    const content = readKeyFile(await readFile(path, 'utf8'));
    return { path, content, fingerprint: fingerprintOf(content) ?? beside };
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code;
    if (code !== 'ENOENT') return { path, content: { kind: 'unreadable', reason: String(code) }, fingerprint: beside };
    // Only the public half is on disk: it names a key of the agent.
    return beside === undefined ? undefined : { path, content: { kind: 'encrypted' }, fingerprint: beside };
  }
}

async function loadPublicHalf(path: string): Promise<string | undefined> {
  try {
    return fingerprintOf(readKeyFile(await readFile(`${path}.pub`, 'utf8')));
  } catch {
    return undefined;
  }
}

function fingerprintOf(content: KeyFile): string | undefined {
  if (content.kind === 'private') return describeKey(content.key.getPublicSSH()).fingerprint;
  return content.kind === 'unreadable' ? undefined : content.publicKey?.fingerprint;
}

function fileIdentity({ path, content, fingerprint }: LoadedFile): Identity | UnusableIdentity {
  switch (content.kind) {
    case 'private':
      return {
        label: path,
        publicKey: describeKey(content.key.getPublicSSH()),
        source: { kind: 'file', key: content.key },
      };
    case 'encrypted':
      return {
        label: fingerprint === undefined ? path : `${path} (${fingerprint})`,
        reason: `has a passphrase or is only a public half, and no agent holds it; try: ssh-add ${path}`,
      };
    case 'public':
      return { label: `${path} (${content.publicKey.fingerprint})`, reason: 'is a public key that no agent holds' };
    case 'unreadable':
      return { label: path, reason: `cannot be read: ${content.reason}` };
  }
}

/** An agent only looks its keys up; what it asks its user comes with the signature. */
const AGENT_TIMEOUT_MS = 5000;

interface AgentAnswer {
  identities: Identity[];
  unusable: UnusableIdentity[];
}

async function agentIdentities({ agentSocket, agentTimeoutMs, signal }: GatherOptions): Promise<AgentAnswer> {
  if (agentSocket === undefined) return { identities: [], unusable: [] };
  const agent = new AgentClient(agentSocket);
  const timeoutError = () => new DisklessError({ code: 'timeout', message: 'no answer in time' });
  const limit = deadline({ parent: signal, ms: agentTimeoutMs ?? AGENT_TIMEOUT_MS, reason: timeoutError });
  try {
    const keys = await listKeys(agent, limit.signal);
    return { identities: keys.map((key) => agentIdentity(agentSocket, key)), unusable: [] };
  } catch (error) {
    if (signal?.aborted) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    return { identities: [], unusable: [{ label: `agent ${agentSocket}`, reason: `does not answer (${reason})` }] };
  } finally {
    limit.release();
    agent.hangUp();
  }
}

function agentIdentity(socket: string, key: ParsedKey): Identity {
  return {
    label: `agent key ${key.comment || 'without a comment'}`,
    publicKey: describeKey(key.getPublicSSH()),
    source: { kind: 'agent', key, socket },
  };
}

function listKeys(agent: AgentClient, signal: AbortSignal): Promise<ParsedKey[]> {
  return new Promise((resolve, reject) => {
    const stopListening = onAbortError(signal, reject);
    agent.getIdentities((error, keys) => {
      stopListening();
      // ssh2 hands out parsed keys and leaves out the types it does not know (FIDO, certificates).
      if (error) reject(error);
      else resolve((keys ?? []) as ParsedKey[]);
    });
  });
}
