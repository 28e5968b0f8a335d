module k8s-diskless.test/lab/accepted-flags

go 1.23
