// SPDX-License-Identifier: Apache-2.0

package localcluster

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"

	"karpenter.sh/tools/internal/process"
)

const kindConfigFile = "kind.json"

// fakeKubelet is the name of kwok's controller, of its log and of its process.
const fakeKubelet = "kwok-controller"

// startKind has kind make the cluster, and starts the fake kubelet beside it.
func startKind(ctx context.Context, opts UpOptions, ports Ports) (map[string]process.Identity, error) {
	if err := prepareLogs(opts.Layout); err != nil {
		return nil, err
	}
	t := tools{opts.Layout}
	create := []string{"create", "cluster", "--name", opts.Name, "--config", opts.input(kindConfigFile), "--kubeconfig", opts.Kubeconfig(), "--wait", "2m"}
	if opts.Kubernetes != "" {
		create = append(create, "--image", "kindest/node:v"+opts.Kubernetes)
	}
	if err := t.run(ctx, "kind", create...); err != nil {
		return nil, fmt.Errorf("create cluster %s: %w", opts.Name, err)
	}
	if err := await(ctx, t.podsWelcome); err != nil {
		return nil, fmt.Errorf("wait for cluster %s: %w", opts.Name, err)
	}
	if err := t.separateNodes(ctx); err != nil {
		return nil, err
	}
	kubelet, err := background{
		name: fakeKubelet, program: opts.Program("kwok"), probe: "http://" + loopback + ":" + strconv.Itoa(ports.Kwok) + "/healthz",
		args: []string{
			"--kubeconfig=" + opts.Kubeconfig(), "--config=" + opts.input("kwok.yaml"),
			"--manage-nodes-with-label-selector=" + fakeNodes,
			"--server-address=" + loopback + ":" + strconv.Itoa(ports.Kwok), "--node-port=" + strconv.Itoa(ports.Kwok), "--node-name=localhost",
		},
	}.start(ctx, opts)
	if err != nil {
		return nil, err
	}
	return map[string]process.Identity{fakeKubelet: kubelet}, nil
}

// prepareLogs makes the directory that the API server, which is root in its container,
// writes its audit log to; the file is there before, so that it stays the caller's.
func prepareLogs(layout Layout) error {
	for _, dir := range []string{layout.logs(), filepath.Dir(layout.link("any"))} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return fmt.Errorf("create the directory of cluster %s: %w", layout.Name, err)
		}
	}
	if err := os.WriteFile(layout.AuditLog(), nil, 0o644); err != nil {
		return fmt.Errorf("create the audit log of cluster %s: %w", layout.Name, err)
	}
	return nil
}

// separateNodes keeps pods of tests off the node that kind made (KWOK-036), and its
// daemons off fake nodes, where they would count as overhead.
func (t tools) separateNodes(ctx context.Context) error {
	if err := t.run(ctx, "kubectl", "taint", "nodes", "--all", "--overwrite", "CriticalAddonsOnly=true:NoSchedule"); err != nil {
		return fmt.Errorf("keep pods off the node of kind: %w", err)
	}
	term := document{"matchExpressions": []document{{"key": fakeNodesKey, "operator": "DoesNotExist"}}}
	affinity := document{"nodeAffinity": document{"requiredDuringSchedulingIgnoredDuringExecution": document{"nodeSelectorTerms": []document{term}}}}
	patch, err := json.Marshal(document{"spec": document{"template": document{"spec": document{"affinity": affinity}}}})
	if err != nil {
		return fmt.Errorf("write the patch of kind's daemons: %w", err)
	}
	if err := t.run(ctx, "kubectl", "patch", "daemonsets", "kindnet", "kube-proxy", "--namespace", namespace, "--patch", string(patch)); err != nil {
		return fmt.Errorf("keep kind's daemons off fake nodes: %w", err)
	}
	return nil
}

// madeByKind tells whether a start of this cluster came as far as kind.
func madeByKind(layout Layout) bool {
	_, err := os.Stat(layout.input(kindConfigFile))
	return !errors.Is(err, fs.ErrNotExist)
}

// stopKind removes what kind made; there being nothing is success.
func stopKind(ctx context.Context, layout Layout) error {
	if !madeByKind(layout) {
		return nil
	}
	if err := (tools{layout}).run(ctx, "kind", "delete", "cluster", "--name", layout.Name, "--kubeconfig", layout.Kubeconfig()); err != nil {
		return fmt.Errorf("remove the containers of cluster %s: %w", layout.Name, err)
	}
	return nil
}

// exportLogs adds the logs of kind's containers to those of the cluster.
func exportLogs(ctx context.Context, layout Layout) error {
	if !madeByKind(layout) {
		return nil
	}
	if err := (tools{layout}).run(ctx, "kind", "export", "logs", filepath.Join(layout.logs(), "kind"), "--name", layout.Name); err != nil {
		return fmt.Errorf("export the logs of cluster %s: %w", layout.Name, err)
	}
	return nil
}
