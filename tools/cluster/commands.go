// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"karpenter.sh/tools/internal/localcluster"
)

type action = func(ctx context.Context, layout localcluster.Layout) error

func check(flags *flag.FlagSet) action {
	wish := wishFlags(flags)
	return func(ctx context.Context, layout localcluster.Layout) error {
		return localcluster.Check(ctx, layout, *wish)
	}
}

// wishFlags are those that say which cluster it is to be.
func wishFlags(flags *flag.FlagSet) *localcluster.ClusterWish {
	var wish localcluster.ClusterWish
	flags.StringVar(&wish.Runtime, "runtime", localcluster.RuntimeBinary, "binary (plain processes) or kind (containers)")
	flags.StringVar(&wish.Provider, "provider", localcluster.ProviderKwok, "whose Karpenter runs: "+strings.Join(localcluster.ProviderNames(), " or "))
	flags.StringVar(&wish.Kubernetes, "kubernetes", "", "`version` of Kubernetes, such as 1.36.1, with runtime kind; that of the runtime if empty")
	return &wish
}

func up(flags *flag.FlagSet) action {
	var env, cloud list
	wish := wishFlags(flags)
	flags.Var(&cloud, "cloud-arg", "argument for the simulated cloud, or the program whose hosts are Machines, if the provider has one; may be repeated")
	flags.Var(&env, "env", "NAME=value for Karpenter; may be repeated")
	bare := flags.Bool("bare", false, "leave Karpenter out: somebody else installs it")
	audit := flags.Bool("audit", false, "record what Karpenter asks of the API server")
	return func(ctx context.Context, layout localcluster.Layout) error {
		start := time.Now()
		state, err := localcluster.Up(ctx, localcluster.UpOptions{
			Layout: layout, Runtime: wish.Runtime, Provider: wish.Provider, Kubernetes: wish.Kubernetes, Bare: *bare, Audit: *audit, CloudArgs: cloud, Args: flags.Args(), Env: env, Out: os.Stderr,
		})
		if err != nil {
			return err
		}
		fmt.Fprintf(os.Stderr, "cluster %s: up after %s\n\n", layout.Name, time.Since(start).Round(100*time.Millisecond))
		return nextSteps(os.Stdout, layout, state)
	}
}

func nextSteps(out io.Writer, layout localcluster.Layout, state *localcluster.State) error {
	_, err := fmt.Fprintf(out, `What to do next:
  export KUBECONFIG=%s
  %s get nodes
`, state.Kubeconfig, layout.Program("kubectl"))
	if err == nil && state.Controller != nil {
		_, err = fmt.Fprintf(out, `  make demo CLUSTER=%[1]s%[3]s         watch Karpenter bring and remove nodes
  go run ./tools/cluster logs -name %[1]s -f
  metrics: %[2]s/metrics
`, layout.Name, state.Controller.MetricsURL, otherSettings(state))
	}
	if err == nil && state.Cloud != nil {
		_, err = fmt.Fprintf(out, "  simulated cloud: %s/v1/state\n", state.Cloud.ControlURL)
	}
	if _, has := state.Components[localcluster.Machines]; err == nil && has {
		_, err = fmt.Fprintf(out, "  %s get machinedeployments,machines --namespace machines\n", layout.Program("kubectl"))
	}
	if err == nil {
		_, err = fmt.Fprintf(out, "  make down CLUSTER=%s\n", layout.Name)
	}
	return err
}

// otherSettings are those that differ from what make takes by itself. Without them it would
// replace the cluster by another one.
func otherSettings(state *localcluster.State) (out string) {
	if state.Runtime != localcluster.RuntimeBinary {
		out = " RUNTIME=" + state.Runtime
	}
	if state.Provider != localcluster.ProviderKwok {
		out += " PROVIDER=" + state.Provider
	}
	if state.Kubernetes != "" {
		out += " KUBERNETES=" + state.Kubernetes
	}
	return out
}

func down(flags *flag.FlagSet) action {
	keep := flags.String("keep-logs", "", "directory to move the logs to")
	return func(ctx context.Context, layout localcluster.Layout) error {
		return localcluster.Down(ctx, localcluster.DownOptions{Layout: layout, KeepLogs: *keep, Out: os.Stderr})
	}
}

func restart(flags *flag.FlagSet) action {
	var env list
	flags.Var(&env, "env", "NAME=value for Karpenter; may be repeated")
	return func(ctx context.Context, layout localcluster.Layout) error {
		_, err := localcluster.Restart(ctx, localcluster.UpOptions{Layout: layout, Args: flags.Args(), Env: env, Out: os.Stderr})
		return err
	}
}

// statusReport is what the status command prints.
type statusReport struct {
	*localcluster.State
	// Serving: the API server answers.
	Serving bool `json:"serving"`
	// Dead lists the processes on record that no longer run.
	Dead []string `json:"dead"`
}

func status(*flag.FlagSet) action {
	return func(ctx context.Context, layout localcluster.Layout) error {
		found, err := localcluster.Observe(ctx, layout)
		if err != nil {
			return err
		}
		if found.State == nil {
			return notRunning(layout)
		}
		report := statusReport{State: found.State, Serving: found.Serving, Dead: found.Dead}
		if c := found.State.Controller; c != nil && found.State.Runtime == localcluster.RuntimeBinary && !c.Process.Alive() {
			report.Dead = append(report.Dead, found.State.ControllerName())
		}
		slices.Sort(report.Dead)
		encoder := json.NewEncoder(os.Stdout)
		encoder.SetIndent("", "  ")
		return encoder.Encode(report)
	}
}

// kubeconfig prints where the file is or would be, also if the cluster does not
// run: whoever sets KUBECONFIG to it must not end up with an empty one, with which
// kubectl talks to the cluster of the user's own configuration.
func kubeconfig(*flag.FlagSet) action {
	return func(_ context.Context, layout localcluster.Layout) error {
		if _, err := fmt.Println(layout.Kubeconfig()); err != nil {
			return err
		}
		state, err := localcluster.Load(layout)
		if err == nil && state == nil {
			return notRunning(layout)
		}
		return err
	}
}

func metricsURL(*flag.FlagSet) action {
	return printing(func(s *localcluster.State) (string, error) {
		if s.Controller == nil {
			return "", errors.New("no Karpenter runs in this cluster")
		}
		return s.Controller.MetricsURL, nil
	})
}

// printing prints one line about a running cluster.
func printing(field func(*localcluster.State) (string, error)) action {
	return func(_ context.Context, layout localcluster.Layout) error {
		state, err := localcluster.Load(layout)
		if err != nil {
			return err
		}
		if state == nil {
			return notRunning(layout)
		}
		line, err := field(state)
		if err != nil {
			return err
		}
		_, err = fmt.Println(line)
		return err
	}
}

func notRunning(layout localcluster.Layout) error {
	return fmt.Errorf("cluster %[1]s does not run; start it with: make up CLUSTER=%[1]s", layout.Name)
}

// image prints the reference of what it loaded; with a file it goes there, and progress
// alone is printed.
func image(flags *flag.FlagSet) action {
	file := flags.String("reference", "", "`file` to write the image's reference to; it is printed if empty")
	return func(ctx context.Context, layout localcluster.Layout) error {
		reference, err := localcluster.LoadImage(ctx, layout, os.Stderr)
		if err != nil {
			return err
		}
		if *file == "" {
			_, err := fmt.Println(reference)
			return err
		}
		if err := os.WriteFile(*file, []byte(reference), 0o644); err != nil {
			return fmt.Errorf("tell which image was loaded: %w", err)
		}
		return nil
	}
}

func logs(flags *flag.FlagSet) action {
	of := flags.String("of", "", "whose log: kube-apiserver, kube-scheduler, kube-controller-manager, kwok-controller, etcd, cloudsim, cluster-api, machines or audit; Karpenter's if empty. With runtime kind: kwok-controller, cloudsim or audit")
	follow := flags.Bool("f", false, "go on printing as the log grows")
	return func(ctx context.Context, layout localcluster.Layout) error {
		name := *of
		if name == "" {
			state, err := localcluster.Load(layout)
			if err != nil {
				return err
			}
			if state == nil {
				return notRunning(layout)
			}
			if state.Runtime == localcluster.RuntimeKind {
				return localcluster.PodLogs(ctx, layout, *follow, os.Stdout)
			}
			name = state.ControllerName()
		}
		file, err := os.Open(layout.Log(name))
		if err != nil {
			return fmt.Errorf("open the log of %s: %w", name, err)
		}
		defer file.Close()
		for {
			if _, err := io.Copy(os.Stdout, file); err != nil || !*follow {
				return err
			}
			select {
			case <-ctx.Done():
				return nil
			case <-time.After(200 * time.Millisecond):
			}
		}
	}
}
