module k8s-diskless.test/lab/pause

go 1.19
