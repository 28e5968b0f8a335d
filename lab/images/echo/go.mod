module k8s-diskless.test/lab/echo

go 1.19
