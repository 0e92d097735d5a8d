// SPDX-License-Identifier: Apache-2.0

// Command controlplane is the Kubernetes control plane in one multi-call
// binary: started under the name kube-apiserver, kube-controller-manager,
// kube-scheduler, kubectl or etcd (a hard or symbolic link), it is that
// program. One binary links the shared libraries once, which makes a build
// from an empty cache several times cheaper than five separate links.
package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sort"
	"strings"
	_ "time/tzdata" // CronJob time zones must not depend on the host

	"github.com/spf13/cobra"
	"go.etcd.io/etcd/server/v3/etcdmain"
	_ "k8s.io/client-go/plugin/pkg/client/auth" // credential plugins for kubectl
	"k8s.io/component-base/cli"
	"k8s.io/component-base/logs"
	_ "k8s.io/component-base/logs/json/register"
	_ "k8s.io/component-base/metrics/prometheus/clientgo"
	_ "k8s.io/component-base/metrics/prometheus/version"
	kubectl "k8s.io/kubectl/pkg/cmd"
	kubectlutil "k8s.io/kubectl/pkg/cmd/util"
	apiserver "k8s.io/kubernetes/cmd/kube-apiserver/app"
	controllermanager "k8s.io/kubernetes/cmd/kube-controller-manager/app"
	scheduler "k8s.io/kubernetes/cmd/kube-scheduler/app"
)

// programs maps the name the binary is started under to what it then does
// with the remaining arguments. Each returns the exit code.
func programs() map[string]func(args []string) int {
	return map[string]func(args []string) int{
		"etcd":                    runEtcd,
		"kube-apiserver":          component(apiserver.NewAPIServerCommand),
		"kube-controller-manager": component(controllermanager.NewControllerManagerCommand),
		"kube-scheduler":          component(func() *cobra.Command { return scheduler.NewSchedulerCommand() }),
		"kubectl":                 runKubectl,
	}
}

func main() {
	name, args := filepath.Base(os.Args[0]), os.Args[1:]
	all := programs()
	run, ok := all[name]
	if !ok && len(args) > 0 { // also "controlplane kubectl get nodes"
		name = args[0]
		run, ok = all[name]
		args = args[1:]
	}
	if !ok {
		usage(os.Stderr, all)
		os.Exit(2)
	}
	os.Args = append([]string{name}, args...)
	os.Exit(run(args))
}

func usage(w io.Writer, all map[string]func([]string) int) {
	names := make([]string, 0, len(all))
	for n := range all {
		names = append(names, n)
	}
	sort.Strings(names)
	fmt.Fprintf(w, "usage: controlplane PROGRAM [ARG ...], or link it under a program's name.\nPrograms: %s\n", strings.Join(names, ", "))
}

func component(command func() *cobra.Command) func([]string) int {
	return func([]string) int { return cli.Run(command()) }
}

func runEtcd([]string) int {
	etcdmain.Main(os.Args) // exits by itself on failure
	return 0
}

func runKubectl([]string) int {
	// The level must be known before the command is built: building it
	// already logs (plugins, user preferences).
	if _, err := logs.GlogSetter(kubectl.GetLogVerbosity(os.Args)); err != nil {
		fmt.Fprintln(os.Stderr, "kubectl: set the log verbosity:", err)
		return 1
	}
	if err := cli.RunNoErrOutput(kubectl.NewDefaultKubectlCommand()); err != nil {
		kubectlutil.CheckErr(err) // prints and exits the way kubectl does
	}
	return 0
}
