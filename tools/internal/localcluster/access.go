// SPDX-License-Identifier: Apache-2.0

package localcluster

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// Where Karpenter is at home (OPS-262).
const (
	namespace = "kube-system"
	release   = "karpenter"
)

// account is the user that Karpenter is to the API server.
const account = "system:serviceaccount:" + namespace + ":" + release

// tokenLifetime is beyond that of any cluster on a developer's machine.
const tokenLifetime = "8760h"

// auditPolicyFile is the name of the audit policy among a cluster's input.
const auditPolicyFile = "audit.json"

// grantAccess gives Karpenter the service account and the permissions of its chart,
// and a kubeconfig with which it can do what they allow and no more. What runs here
// is then what a user's cluster lets run.
func grantAccess(ctx context.Context, opts UpOptions, p provider) error {
	t := tools{opts.Layout}
	args := []string{"template", release, filepath.Join(opts.Root, filepath.FromSlash(p.chart)), "--namespace", namespace}
	for _, file := range []string{"serviceaccount", "rbac", "aggregated-clusterroles"} {
		args = append(args, "--show-only", "templates/"+file+".yaml")
	}
	for _, value := range append([]string{"controller.image.repository=any"}, p.values...) {
		args = append(args, "--set", value)
	}
	manifests, err := t.output(ctx, "helm", args...)
	if err != nil {
		return fmt.Errorf("render the permissions of Karpenter: %w", err)
	}
	if err := os.WriteFile(opts.input("access.yaml"), manifests, 0o644); err != nil {
		return fmt.Errorf("grant Karpenter its permissions: %w", err)
	}
	if err := t.run(ctx, "kubectl", "apply", "--server-side", "--force-conflicts", "--filename", opts.input("access.yaml")); err != nil {
		return fmt.Errorf("grant Karpenter its permissions: %w", err)
	}
	return writeControllerKubeconfig(ctx, t)
}

// writeControllerKubeconfig writes a copy of the cluster's kubeconfig with another
// user.
func writeControllerKubeconfig(ctx context.Context, t tools) error {
	token, err := t.output(ctx, "kubectl", "create", "token", release, "--namespace", namespace, "--duration", tokenLifetime)
	if err != nil {
		return fmt.Errorf("get a token for Karpenter: %w", err)
	}
	admin, err := t.output(ctx, "kubectl", "config", "view", "--minify", "--flatten", "--output", "json")
	if err != nil {
		return fmt.Errorf("read the cluster's kubeconfig: %w", err)
	}
	content, err := WithToken(admin, strings.TrimSpace(string(token)))
	if err != nil {
		return err
	}
	if err := os.WriteFile(t.layout.ControllerKubeconfig(), content, 0o600); err != nil {
		return fmt.Errorf("write Karpenter's kubeconfig: %w", err)
	}
	return nil
}

// WithToken returns a kubeconfig, given in JSON, whose users are replaced by one with
// a token.
func WithToken(kubeconfig []byte, token string) ([]byte, error) {
	var config struct {
		APIVersion     string           `json:"apiVersion"`
		Kind           string           `json:"kind"`
		Clusters       []map[string]any `json:"clusters"`
		Contexts       []map[string]any `json:"contexts"`
		CurrentContext string           `json:"current-context"`
		Users          []map[string]any `json:"users"`
	}
	if err := json.Unmarshal(kubeconfig, &config); err != nil {
		return nil, fmt.Errorf("parse the cluster's kubeconfig: %w", err)
	}
	if len(config.Clusters) != 1 {
		return nil, fmt.Errorf("parse the cluster's kubeconfig: it is about %d clusters, want 1", len(config.Clusters))
	}
	config.CurrentContext = release
	config.Users = []map[string]any{{"name": release, "user": map[string]any{"token": token}}}
	config.Contexts = []map[string]any{{"name": release, "context": map[string]any{"cluster": config.Clusters[0]["name"], "user": release}}}
	return json.MarshalIndent(config, "", "  ")
}

// AuditPolicy returns what the API server records: who asked for what and how it
// ended, of the requests of Karpenter.
func AuditPolicy() (string, error) {
	text, err := json.MarshalIndent(document{
		"apiVersion": "audit.k8s.io/v1",
		"kind":       "Policy",
		"omitStages": []string{"RequestReceived"},
		"rules": []document{
			{"level": "Metadata", "users": []string{account}},
			{"level": "None"},
		},
	}, "", "  ")
	if err != nil {
		return "", fmt.Errorf("write the audit policy: %w", err)
	}
	return string(text) + "\n", nil
}
