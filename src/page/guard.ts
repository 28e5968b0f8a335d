import type { IncomingHttpHeaders } from 'node:http';
import { isLoopback, type PageAccess } from './page-access.js';
import { createSessions, SESSION_SECONDS, type Sessions } from './sessions.js';

/** Whether a request is answered at all, and whether as one of somebody who knows the token. */
export interface Guard {
  /** Why it is refused, to be said to whoever sent it; undefined where it is not. */
  refusal(headers: IncomingHttpHeaders): string | undefined;
  isKnown(headers: IncomingHttpHeaders): boolean;
  /** Trades the token for a cookie, as the value of Set-Cookie; undefined for another one, or where none is needed. */
  cookieFor(token: string): string | undefined;
}

export function createGuard({ token, tls, isLoopback: loopback }: PageAccess, nowMs: () => number): Guard {
  const sessions = token === undefined ? undefined : createSessions(token, nowMs);
  // The prefix has browsers refuse it without Secure, and from any other host.
  const name = tls === undefined ? 'k8s-diskless' : '__Host-k8s-diskless';
  const secure = tls === undefined ? '' : '; Secure';
  return {
    refusal: (headers) => (loopback ? foreignHost(headers) : undefined) ?? foreignOrigin(headers),
    isKnown: (headers) => sessions === undefined || knows(sessions, headers, name),
    cookieFor(given) {
      if (!sessions?.isToken(given)) return undefined;
      return `${name}=${sessions.open()}; Path=/; Max-Age=${SESSION_SECONDS}; HttpOnly; SameSite=Strict${secure}`;
    },
  };
}

function knows(sessions: Sessions, { authorization = '', cookie = '' }: IncomingHttpHeaders, name: string): boolean {
  const [, bearer] = /^Bearer +(\S+) *$/i.exec(authorization) ?? [];
  if (bearer !== undefined) return sessions.isToken(bearer);
  const cookies = cookie.split(';').map((pair) => pair.trim());
  const held = cookies.find((pair) => pair.startsWith(`${name}=`));
  return held !== undefined && sessions.isOpen(held.slice(name.length + 1));
}

/**
 * A page of elsewhere whose name was made to mean this machine (DNS rebinding) is of the same origin for its browser: only
 * the name tells. Any port will do, since a tunnel may begin at another.
 */
function foreignHost({ host = '' }: IncomingHttpHeaders): string | undefined {
  const name = (parsed(`http://${host}`)?.hostname ?? '').replace(/^\[|\]$/g, '');
  if (name === 'localhost' || isLoopback(name)) return undefined;
  return 'ask for it as localhost or 127.0.0.1: this page is for this machine alone';
}

/** Browsers name the origin of whatever may not have been asked for by the page itself. */
function foreignOrigin(headers: IncomingHttpHeaders): string | undefined {
  const { origin, host = '' } = headers;
  if (origin === undefined || parsed(origin)?.host === host.toLowerCase()) return undefined;
  // So a form is sent from a page that lets no address of it out (Referrer-Policy: no-referrer).
  if (origin === 'null' && headers['sec-fetch-site'] === 'same-origin') return undefined;
  return 'no other page may ask for this';
}

const parsed = (url: string): URL | undefined => (URL.canParse(url) ? new URL(url) : undefined);
