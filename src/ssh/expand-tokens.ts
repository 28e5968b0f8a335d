export interface TokenValues {
  /** The operator's home directory. */
  home: string;
  localUser: string;
  uid: number;
  /** The host as the user wrote it. */
  alias: string;
  hostname: string;
  hostKeyAlias: string | undefined;
  port: number;
  user: string;
  env: NodeJS.ProcessEnv;
}

/**
 * Expands what ssh_config(5) allows in file names: a leading `~`, the TOKENS and `${VARIABLE}`. `ssh -G` prints
 * them unexpanded in some options and expanded in others. An unknown token (`%C`, `%L`, …) stays as it is.
 */
export function expandTokens(path: string, values: TokenValues): string {
  const tokens: Record<string, string> = {
    '%': '%',
    d: values.home,
    h: values.hostname,
    i: String(values.uid),
    k: values.hostKeyAlias ?? values.alias,
    n: values.alias,
    p: String(values.port),
    r: values.user,
    u: values.localUser,
  };
  return path
    .replace(/^~(?=\/|$)/, () => values.home)
    .replace(/%(.)/g, (token, letter: string) => tokens[letter] ?? token)
    .replace(/\$\{(\w+)\}/g, (variable, name: string) => values.env[name] ?? variable);
}
