import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { Cache } from '../../artifacts/cache.js';
import { checksumOf } from '../../artifacts/checksum-file.js';
import { hashFile, remembered } from '../../artifacts/remembered.js';
import { usageError } from '../../errors.js';
import type { OsImage } from '../os/os-driver.js';
import type { BootSettings } from '../settings.js';
import { sha512InDigests } from './digests-file.js';
import { compareVersions } from './fetched.js';
import { flatcarVersion } from './flatcar-release.js';
import type { BootImage, ImageSet } from './image-set.js';
import type { SignatureChecker } from './signature.js';

export interface DirectoryInput {
  directory: string;
  settings: Pick<BootSettings, 'os' | 'arch' | 'version'>;
  cache: Cache;
  /** Absent: signatures are not checked. */
  signatures?: SignatureChecker;
}

/**
 * An offline site's own directory: a copy of upstream's version directory is enough. Where checksums lie beside the
 * files they are compared, so that a half-copied image is told here and not by machines that hang.
 *
 * @throws usage error (exit 2) that names what is missing or damaged; DisklessError `signature-invalid`
 */
export async function imagesInDirectory(input: DirectoryInput): Promise<ImageSet> {
  const { directory, settings, cache, signatures } = input;
  const { os, arch } = settings;
  const names = await readdir(directory).catch((cause: NodeJS.ErrnoException) => {
    const message = `the directory of images ${directory} cannot be read (${cause.code})`;
    throw usageError({ code: 'boot-images-unreadable', message, hint: 'check the path given with --os-images', cause });
  });
  const version = await chooseVersion({ directory, names, settings });
  const found = await Promise.all(
    os.images.map((image) => fileOf(image, { directory, names, version, pattern: image.upstream(arch), cache })),
  );
  if (signatures !== undefined) await Promise.all(found.map(({ path }) => checkSignature(path, signatures)));
  const checked = found.every((file) => file.checked);
  const images = found.map(({ checked: _checked, ...image }) => image);
  return {
    title: version === undefined ? os.title : `${os.title} ${version}`,
    trust: signatures !== undefined ? 'signature' : checked ? 'checksum' : 'unchecked',
    images,
  };
}

type Choice = Pick<DirectoryInput, 'directory' | 'settings'> & { names: readonly string[] };

/** The version asked for, else the newest that names tell, else what version.txt says. */
async function chooseVersion({ directory, names, settings }: Choice): Promise<string | undefined> {
  const { os, arch, version } = settings;
  const told = names.flatMap((name) =>
    os.images.flatMap((image) => image.upstream(arch).exec(name)?.groups?.version ?? []),
  );
  const newest = told.sort(compareVersions).at(-1);
  if (newest !== undefined) return version ?? newest;
  const text = await readFile(join(directory, 'version.txt'), 'utf8').catch(() => '');
  const here = flatcarVersion(text);
  if (version === undefined || here === undefined || here === version) return here;
  throw usageError({
    code: 'boot-image-missing',
    message: `${directory} holds ${os.title} ${here}, not ${version}`,
    hint: 'name another directory with --os-images, or leave out --os-version',
  });
}

interface FileInput {
  directory: string;
  names: readonly string[];
  version: string | undefined;
  pattern: RegExp;
  cache: Cache;
}

async function fileOf(image: OsImage, input: FileInput): Promise<BootImage & { checked: boolean }> {
  const { directory, names, version, pattern, cache } = input;
  const file = names.find((name) => {
    const match = pattern.exec(name);
    return match !== null && (match.groups?.version === undefined || match.groups.version === version);
  });
  const stats = file === undefined ? undefined : await stat(join(directory, file));
  if (file === undefined || !stats?.isFile()) throw missing(image, input);
  const path = join(directory, file);
  const checked = await check({ directory, file, path, cache });
  return { role: image.role, name: image.name, path, size: stats.size, checked };
}

interface CheckInput {
  directory: string;
  file: string;
  path: string;
  cache: Cache;
}

/** @returns false when nothing beside the file tells its checksum */
async function check({ directory, file, path, cache }: CheckInput): Promise<boolean> {
  const beside = (name: string): Promise<string> => readFile(join(directory, name), 'utf8').catch(() => '');
  const sha512 = sha512InDigests(await beside(`${file}.DIGESTS`), file);
  const sha256 = checksumOf(await beside(`${file}.sha256`), file) ?? checksumOf(await beside('SHA256SUMS'), file);
  const expected = sha512 ?? sha256;
  if (expected === undefined) return false;
  const algorithm = sha512 === undefined ? 'sha256' : 'sha512';
  const compute = (): Promise<string> => hashFile(path, { algorithm });
  const actual = await remembered(cache, { kind: algorithm, path, schema: z.string(), compute });
  if (actual === expected) return true;
  throw usageError({
    code: 'artifact-corrupt',
    message: `${path} is damaged: its checksum is another one than its checksum file says`,
    detail: `expected ${expected}\nfound    ${actual}`,
    hint: 'copy the file again',
  });
}

async function checkSignature(path: string, signatures: SignatureChecker): Promise<void> {
  const file = `${path}.sig`;
  const signature = await readFile(file).catch((cause: NodeJS.ErrnoException) => {
    throw usageError({
      code: 'signature-missing',
      message: `${path} cannot be checked with the keyring: its signature ${file} cannot be read (${cause.code})`,
      hint: 'copy the .sig files of the release server there too, or name no keyring',
      cause,
    });
  });
  await signatures.check({ name: path, path, signature });
}

function missing({ role }: OsImage, { directory, pattern, version }: FileInput): Error {
  const form = pattern.source
    .replace(/^\^|\$$/g, '')
    .replaceAll('\\', '')
    .replace(/\(\?<version>[^)]*\)/, version ?? '*');
  return usageError({
    code: 'boot-image-missing',
    message: `the ${role} is not in the directory ${directory}`,
    detail: `looked for ${form}`,
    hint: 'copy the files of one version of the release server there, under their own names',
  });
}
