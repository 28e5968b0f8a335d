module k8s-diskless.test/lab/etcd-3.5-floor

go 1.25.0

require (
	go.etcd.io/etcd/etcdctl/v3 v3.5.32
	go.etcd.io/etcd/etcdutl/v3 v3.5.32
	go.etcd.io/etcd/server/v3 v3.5.32
)
