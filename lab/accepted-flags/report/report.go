// Package report prints the flags that a component of Kubernetes accepts, and the feature gates it knows, as JSON. Each
// component has a program of its own beside it: what is linked decides which gates there are.
package report

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"k8s.io/apiserver/pkg/util/feature"
	"k8s.io/component-base/cli"
	_ "k8s.io/component-base/logs/json/register" // flags: each component's main package links it
)

type gate struct {
	Stage   string `json:"stage"`
	Default bool   `json:"default"`
	Locked  bool   `json:"locked,omitempty"`
}

type report struct {
	Flags []string        `json:"flags"`
	Gates map[string]gate `json:"gates"`
}

// OfCommand runs a command up to where its own work would begin: all that adds flags has run by then.
func OfCommand(command *cobra.Command) {
	command.RunE = func(*cobra.Command, []string) error { return nil }
	command.SetArgs([]string{})
	if err := cli.RunNoErrOutput(command); err != nil {
		Fail(err)
	}
	OfFlags(command.Flags())
}

// OfFlags prints hidden and deprecated flags, too, and the gates of this process: at its own version, not at one that it
// is told to emulate.
func OfFlags(accepted *pflag.FlagSet) {
	found := report{Flags: []string{}, Gates: map[string]gate{}}
	accepted.VisitAll(func(flag *pflag.Flag) {
		if flag.Name != "help" {
			found.Flags = append(found.Flags, flag.Name)
		}
	})
	for name, spec := range feature.DefaultMutableFeatureGate.GetAll() {
		stage := strings.ToLower(string(spec.PreRelease))
		if stage == "" {
			stage = "GA"
		}
		found.Gates[string(name)] = gate{Stage: stage, Default: spec.Default, Locked: spec.LockToDefault}
	}
	if err := json.NewEncoder(os.Stdout).Encode(found); err != nil {
		Fail(err)
	}
}

// Fail ends the program.
func Fail(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}
