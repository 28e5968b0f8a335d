import { join } from 'node:path';
import { goProduct } from '../../lab/build/go-product.js';
import { etcd } from '../../lab/build/go-software.js';
import { labCacheRoot } from '../../lab/build/lab-cache.js';
import { materialize } from '../../lab/build/product.js';
import { generationOf, NEWEST_GENERATION } from '../../lab/generations.js';

/** Path of a real etcd, the one that the lab runs. */
export async function etcdBinary(): Promise<string> {
  const product = goProduct(etcd(generationOf(NEWEST_GENERATION).etcd));
  const directory = await materialize(product, { root: labCacheRoot(), progress: (line) => console.info(line) });
  return join(directory, 'server');
}
