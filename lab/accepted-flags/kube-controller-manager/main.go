package main

import (
	"k8s-diskless.test/lab/accepted-flags/report"
	"k8s.io/kubernetes/cmd/kube-controller-manager/app"
)

func main() {
	report.OfCommand(app.NewControllerManagerCommand())
}
