import { isIPv6 } from 'node:net';
import { parseAddress } from './cidr.js';

const LABEL = '[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?';
const DNS_LABEL = new RegExp(`^${LABEL}$`);
const DNS_SUBDOMAIN = new RegExp(`^${LABEL}(?:\\.${LABEL})*$`);
/** The node name is also the value of the label kubernetes.io/hostname, which holds no more. */
const NODE_NAME_LENGTH = 63;
/** Host names and ssh_config aliases. No leading dash: ssh would take it for an option. */
const SSH_HOST = /^[A-Za-z0-9_][A-Za-z0-9_.-]*$/;
const SSH_USER = /^[A-Za-z0-9_][A-Za-z0-9_.-]*$/;
/** An IPv6 zone, as in fe80::1%eth0. */
const ZONE = /%[A-Za-z0-9_.-]+$/;

/** RFC 1123 label in lower case: one part of a DNS name. */
export function isDnsLabel(text: string): boolean {
  return DNS_LABEL.test(text);
}

/** RFC 1123 subdomain in lower case: labels joined by dots. */
export function isDnsSubdomain(text: string): boolean {
  return text.length <= 253 && DNS_SUBDOMAIN.test(text);
}

/** IPv4 or IPv6. */
export function isAddress(text: string): boolean {
  return parseAddress(text) !== undefined || isIPv6(text.replace(ZONE, ''));
}

/** What keeps a text from being a node name; undefined when it is one. */
export function nodeNameProblem(name: string): string | undefined {
  const quoted = JSON.stringify(name);
  if (isAddress(name)) return `${quoted} is an address, and a node needs a name that outlives its address`;
  if (name !== name.toLowerCase()) return `the node name ${quoted} must be in lower case`;
  if (name.length > NODE_NAME_LENGTH) return `the node name ${quoted} is longer than ${NODE_NAME_LENGTH} characters`;
  if (isDnsSubdomain(name)) return undefined;
  return `the node name ${quoted} must consist of a-z, 0-9, "-" and ".", and begin and end with a letter or digit`;
}

/** What keeps a text from naming an SSH destination; undefined when it does. */
export function sshHostProblem(host: string): string | undefined {
  if (isAddress(host) || SSH_HOST.test(host)) return undefined;
  return host === '' ? 'the host is empty' : `${JSON.stringify(host)} is neither a host name nor an address`;
}

export function sshUserProblem(user: string): string | undefined {
  if (SSH_USER.test(user)) return undefined;
  return user === '' ? 'the user is empty' : `${JSON.stringify(user)} is not a user name`;
}
