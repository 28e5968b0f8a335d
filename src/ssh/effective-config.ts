import { execFile } from 'node:child_process';
import { access, constants } from 'node:fs/promises';
import { homedir, userInfo } from 'node:os';
import { usageError } from '../errors.js';
import { abortError } from './abort-error.js';
import { expandTokens } from './expand-tokens.js';
import { parseSshG, type SshSettings } from './ssh-g-output.js';

export interface SshTarget {
  /** As the user gave it: an alias of ssh_config, a DNS name or an address. */
  host: string;
  user?: string;
  port?: number;
}

/** How to reach one host: ssh_config's answer with every path expanded. */
export interface EffectiveConfig extends Omit<SshSettings, 'identityAgent'> {
  /** The host as the user wrote it. */
  alias: string;
  /** Socket of the agent to ask; undefined: none. */
  agentSocket?: string;
}

/** The operator's own surroundings; tests pass their own. */
export interface Operator {
  env: NodeJS.ProcessEnv;
  home: string;
  user: string;
  uid: number;
}

export interface EffectiveConfigOptions {
  target: SshTarget;
  /** Used instead of the operator's own user name where no ssh program is there to answer. */
  defaultUser?: string | undefined;
  /** `--ssh-config FILE`, in the meaning of `ssh -F`. */
  configFile?: string | undefined;
  signal?: AbortSignal | undefined;
  operator?: Operator;
}

const DEFAULT_IDENTITY_FILES = ['~/.ssh/id_ed25519', '~/.ssh/id_ecdsa', '~/.ssh/id_rsa'];
const DEFAULT_KNOWN_HOSTS = ['~/.ssh/known_hosts', '~/.ssh/known_hosts2', '/etc/ssh/ssh_known_hosts'];

/**
 * The settings OpenSSH itself would use (`ssh -G`: Include, Match and all), else its defaults when there is no ssh
 * program. User and port of the target win over both.
 */
export async function effectiveConfig(options: EffectiveConfigOptions): Promise<EffectiveConfig> {
  const { target, configFile, signal } = options;
  const operator = options.operator ?? currentOperator();
  checkWord(target.host, 'host name');
  if (target.user !== undefined) checkWord(target.user, 'user name');
  if (configFile !== undefined) await requireReadableConfig(configFile);

  const answer = await runSshG({ target, configFile, env: operator.env, signal });
  const settings = answer === undefined ? withoutSsh(options, operator) : parseSshG(answer, target.host);
  return expandPaths(settings, target.host, operator);
}

function currentOperator(): Operator {
  const uid = process.getuid?.() ?? 0;
  try {
    // ssh takes the home directory from the password database, not from HOME.
    const { username, homedir: home } = userInfo();
    return { env: process.env, home, user: username, uid };
  } catch {
    return { env: process.env, home: homedir(), user: process.env.USER ?? 'root', uid };
  }
}

/** Rejects what ssh would take for an option, and what no host or user name holds. */
function checkWord(word: string, what: string): void {
  if (/^[^\s'"`\\-][^\s'"`\\]*$/.test(word)) return;
  throw usageError({ code: 'ssh-target-invalid', message: `${JSON.stringify(word)} is not a ${what}` });
}

/** @throws usage error naming the file */
export async function requireReadableConfig(configFile: string): Promise<void> {
  try {
    await access(configFile, constants.R_OK);
  } catch (cause) {
    throw usageError({
      code: 'ssh-config-unreadable',
      message: `ssh configuration ${configFile} cannot be read`,
      hint: 'check its path: --ssh-config, or ssh.configFile of the config file; both are recorded',
      cause,
    });
  }
}

interface SshG {
  target: SshTarget;
  configFile: string | undefined;
  env: NodeJS.ProcessEnv;
  signal: AbortSignal | undefined;
}

/** undefined: there is no ssh program. */
function runSshG({ target, configFile, env, signal }: SshG): Promise<string | undefined> {
  const args = ['-G'];
  if (configFile !== undefined) args.push('-F', configFile);
  if (target.user !== undefined) args.push('-l', target.user);
  if (target.port !== undefined) args.push('-p', String(target.port));
  args.push('--', target.host);

  return new Promise((resolve, reject) => {
    execFile('ssh', args, { env, signal }, (error, stdout, stderr) => {
      if (!error) resolve(stdout);
      else if (signal?.aborted) reject(abortError(signal));
      else if (error.code === 'ENOENT' && configFile === undefined) resolve(undefined);
      else if (error.code === 'ENOENT') reject(sshMissing(configFile ?? '', error));
      else reject(sshConfigInvalid(target.host, stderr, error));
    });
  });
}

function sshMissing(configFile: string, cause: Error) {
  return usageError({
    code: 'ssh-program-missing',
    message: `${configFile} cannot be used: reading an ssh configuration needs the ssh program, which is not on PATH`,
    hint: 'install the OpenSSH client, or leave out --ssh-config and give user and port with the hosts',
    cause,
  });
}

function sshConfigInvalid(host: string, stderr: string, cause: Error) {
  return usageError({
    code: 'ssh-config-invalid',
    host,
    message: `ssh cannot tell its settings for ${host}`,
    detail: stderr.trim(),
    hint: `try: ssh -G ${host}`,
    cause,
  });
}

function withoutSsh({ target, defaultUser }: EffectiveConfigOptions, operator: Operator): SshSettings {
  return {
    hostname: target.host,
    port: target.port ?? 22,
    user: target.user ?? defaultUser ?? operator.user,
    identityFiles: DEFAULT_IDENTITY_FILES,
    identitiesOnly: false,
    proxyJump: [],
    knownHostsFiles: DEFAULT_KNOWN_HOSTS,
    strictHostKeyChecking: 'ask',
  };
}

function expandPaths(settings: SshSettings, alias: string, operator: Operator): EffectiveConfig {
  const { identityAgent, ...rest } = settings;
  const { env, home, uid, user: localUser } = operator;
  const { hostname, hostKeyAlias, port, user } = settings;
  const expand = (path: string) =>
    expandTokens(path, { home, localUser, uid, alias, hostname, hostKeyAlias, port, user, env });
  const agentSocket = agentPath(identityAgent, env, expand);
  return {
    ...rest,
    alias,
    ...(hostKeyAlias === undefined ? {} : { hostKeyAlias: expand(hostKeyAlias) }),
    identityFiles: settings.identityFiles.map(expand),
    knownHostsFiles: settings.knownHostsFiles.map(expand),
    ...(agentSocket === undefined ? {} : { agentSocket }),
  };
}

/** IdentityAgent of ssh_config(5): a path, `SSH_AUTH_SOCK`, `$VARIABLE` or `none`. */
function agentPath(
  identityAgent: string | undefined,
  env: NodeJS.ProcessEnv,
  expand: (path: string) => string,
): string | undefined {
  const value = identityAgent ?? 'SSH_AUTH_SOCK';
  if (value === 'none') return undefined;
  if (value === 'SSH_AUTH_SOCK') return env.SSH_AUTH_SOCK || undefined;
  const variable = /^\$(\w+)$/.exec(value)?.[1];
  return variable === undefined ? expand(value) : env[variable] || undefined;
}
