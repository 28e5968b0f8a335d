import { usageError } from '../errors.js';

/** One host of a ProxyJump chain, as written; its own settings come from ssh_config. */
export interface JumpTarget {
  host: string;
  user?: string;
  port?: number;
}

const URI = /^ssh:\/\//;
/** `[user@]host[:port]`, where an IPv6 address with a port stands in brackets (ssh_config(5), ProxyJump). */
const HOP =
  /^(?:(?<user>.+)@)?(?:\[(?<bracketed>[^\]]+)\]|(?<host>[^@:[\]]+)|(?<ipv6>[^[\]]*:[^[\]]*:[^[\]]*))(?::(?<port>\d+))?$/;

/** ProxyJump's value → hops in the order in which they are passed; `none` is no hop. */
export function parseProxyJump(value: string): JumpTarget[] {
  if (value === '' || value === 'none') return [];
  return value.split(',').map((hop) => parseHop(hop.trim(), value));
}

function parseHop(hop: string, value: string): JumpTarget {
  const groups = HOP.exec(hop.replace(URI, '').replace(/\/$/, ''))?.groups;
  const host = groups?.bracketed ?? groups?.host ?? groups?.ipv6;
  const port = groups?.port === undefined ? undefined : Number(groups.port);
  if (host === undefined || host.startsWith('-') || (port !== undefined && (port < 1 || port > 65535))) {
    throw usageError({
      code: 'proxy-jump-invalid',
      message: `ProxyJump ${value}: cannot read ${hop || 'an empty entry'}`,
      hint: 'write it as [user@]host[:port], several separated by commas',
    });
  }
  return {
    host,
    ...(groups?.user === undefined ? {} : { user: decodeUser(groups.user, hop) }),
    ...(port === undefined ? {} : { port }),
  };
}

/** In the ssh:// form the user is percent-encoded. */
function decodeUser(user: string, hop: string): string {
  return URI.test(hop) ? decodeURIComponent(user) : user;
}
