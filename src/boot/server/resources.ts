import { createHash } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { usageError } from '../../errors.js';
import type { Content } from '../../web/content.js';
import type { BootImage } from '../images/image-set.js';
import { DEFAULT_SCRIPT, ENTRY_SCRIPT, macOfScript } from '../ipxe.js';
import type { BootFile } from '../render.js';
import type { BootStage } from './boot-events.js';

/** Something a machine can fetch; its name is below the boot URL. */
export interface Resource extends Content {
  stage: BootStage;
  /** Whose it is, where only one machine asks for it. */
  host?: string;
  mac?: string;
}

export interface ResourcesInput {
  url: string;
  files: readonly BootFile[];
  images: readonly BootImage[];
  /** When the files were rendered. */
  now: Date;
}

/** Finds what a request's path names; there is nothing else that could be reached. */
export interface Resources {
  all: readonly Resource[];
  find: (path: string) => FoundResource | undefined;
}

export interface FoundResource {
  resource: Resource;
  /** The machine that asks, as the path tells. */
  mac?: string;
  host?: string;
  /** The request comes from an unknown MAC address, and every host already has its own. */
  unknown?: boolean;
}

/** Names of files are keys of a map: whatever a path looks like, it either is one of them or nothing. */
export async function bootResources(input: ResourcesInput): Promise<Resources> {
  const { url, files, images, now } = input;
  const served = files.filter(({ kind }) => kind !== 'dnsmasq');
  const all = [...served.map((file) => textResource(file, now)), ...(await Promise.all(images.map(imageResource)))];
  const root = new URL(`${url}/`).pathname;
  const byPath = new Map(all.map((resource) => [`${root}${resource.name}`, resource]));
  const shared = byPath.get(`${root}${DEFAULT_SCRIPT}`);
  const strangersBoot = files.some(({ kind, host }) => kind === 'ignition' && host === undefined);
  return {
    all,
    find(path) {
      const resource = byPath.get(path);
      if (resource) return found(resource);
      const mac = path.startsWith(root) ? macOfScript(path.slice(root.length)) : undefined;
      return mac === undefined || !shared ? undefined : { resource: shared, mac, unknown: !strangersBoot };
    },
  };
}

function found(resource: Resource): FoundResource {
  const { host, mac } = resource;
  return { resource, ...(host !== undefined && { host }), ...(mac !== undefined && { mac }) };
}

function textResource({ name, kind, text, host, mac }: BootFile, modified: Date): Resource {
  const body = Buffer.from(text);
  const hash = createHash('sha256').update(body).digest('hex');
  const stage = kind === 'ignition' ? 'ignition' : name === ENTRY_SCRIPT ? 'entry' : 'script';
  return {
    name,
    stage,
    contentType: kind === 'ignition' ? 'application/json' : 'text/plain; charset=utf-8',
    size: body.length,
    etag: `"${hash.slice(0, 32)}"`,
    modified,
    body,
    ...(host !== undefined && { host }),
    ...(mac !== undefined && { mac }),
  };
}

async function imageResource({ role, name, path, sha256 }: BootImage): Promise<Resource> {
  const { size, mtime, mtimeMs, ino } = await stat(path).catch((cause: NodeJS.ErrnoException) => {
    const message = `the ${role} ${path} cannot be read (${cause.code})`;
    throw usageError({ code: 'boot-image-missing', message, hint: 'fetch or copy it again', cause });
  });
  return {
    name: `images/${name}`,
    stage: role,
    contentType: 'application/octet-stream',
    size,
    etag: `"${sha256 ?? `${size.toString(16)}-${Math.floor(mtimeMs).toString(16)}`}"`,
    modified: mtime,
    body: { path, mtimeMs, ino },
  };
}
