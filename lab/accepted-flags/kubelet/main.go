package main

import (
	"github.com/spf13/pflag"
	"k8s-diskless.test/lab/accepted-flags/report"
	"k8s.io/component-base/cli/flag"
	_ "k8s.io/kubernetes/cmd/kubelet/app" // gates that its options alone do not link
	"k8s.io/kubernetes/cmd/kubelet/app/options"
)

// The flags of its command are not asked: it parses none by itself.
func main() {
	config, err := options.NewKubeletConfiguration()
	if err != nil {
		report.Fail(err)
	}
	flags := pflag.NewFlagSet("kubelet", pflag.ContinueOnError)
	flags.SetNormalizeFunc(flag.WordSepNormalizeFunc)
	options.NewKubeletFlags().AddFlags(flags)
	options.AddKubeletConfigFlags(flags, config)
	options.AddGlobalFlags(flags)
	report.OfFlags(flags)
}
