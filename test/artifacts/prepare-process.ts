/** One of several processes that prepare the same artifacts in the same cache; prints what it got as JSON. */
import { openCache } from '../../src/artifacts/cache.js';
import { downloadSettings } from '../../src/artifacts/download.js';
import { httpSource } from '../../src/artifacts/http-source.js';
import { localContent } from '../../src/artifacts/local-content.js';

const [, , root = '', mirror = '', versions = '{}'] = process.argv;
const cache = await openCache({ root });
const content = await localContent({
  versions: JSON.parse(versions),
  source: httpSource({ mirror, cache, settings: downloadSettings({}) }),
  cache,
  env: process.env,
  progress: () => undefined,
});
const artifacts = await content.artifacts('amd64');
const members = await Promise.all(
  [...artifacts].map(async ([name, { sha256, size }]) => {
    const { bytes } = await content.member(sha256, 'gzip');
    return { name, sha256, size, bytes };
  }),
);
console.log(JSON.stringify(members.sort((a, b) => a.name.localeCompare(b.name))));
