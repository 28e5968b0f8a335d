module k8s-diskless.test/lab/etcd-3.5

go 1.25.0

require (
	go.etcd.io/etcd/etcdctl/v3 v3.5.33
	go.etcd.io/etcd/etcdutl/v3 v3.5.33
	go.etcd.io/etcd/server/v3 v3.5.33
)
