import { checkPages } from '../etcd-file/check-pages.js';
import { isLasting, resourceOf } from '../etcd-file/kubernetes-key.js';
import { kubernetesName } from '../etcd-file/kubernetes-name.js';
import { liveValues } from '../etcd-file/live-values.js';
import { openDatabase } from './read-database.js';

/** An object that would come back. */
export interface KeptObject {
  /** As kubectl names it. */
  resource: string;
  /** Empty where it is of none. */
  namespace: string;
  name: string;
  /** Absent where its value is encrypted. */
  uid?: string;
}

/** The objects in a snapshot that a person knows of, by resource, namespace and name. @throws DisklessError `snapshot-damaged` */
export async function* objectsOf(path: string, signal: AbortSignal): AsyncGenerator<KeptObject> {
  const file = await openDatabase(path);
  try {
    const database = await checkPages({ file, signal });
    for await (const { key, value } of liveValues({ database, prefix: '/registry/', signal })) {
      const resource = resourceOf(key);
      if (resource === undefined || !isLasting(resource)) continue;
      const said = kubernetesName(value);
      yield said === undefined ? { resource, ...byKey(key) } : { resource, ...nameOf(said) };
    }
  } finally {
    await file.close();
  }
}

const nameOf = ({ namespace, name, uid }: { namespace: string; name: string; uid: string }) => ({
  namespace,
  name,
  uid,
});

/** Of a value that cannot be read: what is encrypted as a rule is of a namespace, which stands before the name. */
function byKey(key: string): { namespace: string; name: string } {
  const [name = '', namespace = ''] = key.split('/').toReversed();
  return { namespace, name };
}
