import type { TlsIdentity } from '../http/secure-stream.js';
import { type Pki, requireLeaf } from './pki.js';

/** What the operator itself connects with. */
export interface OperatorIdentities {
  /** To the API, as cluster administrator. */
  kubernetes: TlsIdentity;
  etcd: TlsIdentity;
}

export function operatorTls({ authorities, leaves }: Pki): OperatorIdentities {
  const [admin, etcd] = [requireLeaf(leaves, 'admin'), requireLeaf(leaves, 'etcd-operator')];
  return {
    kubernetes: { ca: authorities.kubernetes.certificate, cert: admin.certificate, key: admin.privateKey },
    etcd: { ca: authorities.etcd.certificate, cert: etcd.certificate, key: etcd.privateKey },
  };
}
