package main

import (
	"k8s-diskless.test/lab/accepted-flags/report"
	"k8s.io/kubernetes/cmd/kube-scheduler/app"
)

func main() {
	report.OfCommand(app.NewSchedulerCommand())
}
