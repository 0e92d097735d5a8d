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
	"strings"
)

const (
	valuesFile  = "values.json"
	objectsFile = "objects.json"
)

// authorityKey is the key of the simulated cloud's certificate in its Secret.
const authorityKey = "ca.pem"

// ChartValues is the file with the values of Karpenter's chart, in clusters of kind.
func (l Layout) ChartValues() string { return l.input(valuesFile) }

// furnish gives a cluster of kind what Karpenter's chart is installed with, whoever
// installs it: its values, and beside it a Service that this machine reaches and the way
// to the simulated cloud.
func furnish(ctx context.Context, opts UpOptions, state *State) error {
	values, err := Values(state.Name, state.Provider, os.LookupEnv, opts.Env)
	if err != nil {
		return err
	}
	if err := os.WriteFile(opts.ChartValues(), []byte(values), 0o644); err != nil {
		return fmt.Errorf("write the values of the chart: %w", err)
	}
	items := []document{nodePorts()}
	if state.Cloud != nil {
		authority, err := os.ReadFile(filepath.Join(opts.cloudDir(), authorityKey))
		if err != nil {
			return fmt.Errorf("read the authority of the simulated cloud: %w", err)
		}
		clusters, err := os.ReadFile(filepath.Join(opts.cloudDir(), clustersKey))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("read what the simulated cloud has for Karpenter: %w", err)
		}
		items = append(items, cloudEnv(state.Cloud.Env, map[string]string{authorityKey: string(authority), clustersKey: string(clusters)}))
	}
	text, err := json.MarshalIndent(document{"apiVersion": "v1", "kind": "List", "items": items}, "", "  ")
	if err != nil {
		return fmt.Errorf("write what stands beside Karpenter: %w", err)
	}
	if err := os.WriteFile(opts.input(objectsFile), text, 0o600); err != nil {
		return fmt.Errorf("write what stands beside Karpenter: %w", err)
	}
	if err := (tools{opts.Layout}).run(ctx, "kubectl", "apply", "--server-side", "--force-conflicts", "--filename", opts.input(objectsFile)); err != nil {
		return fmt.Errorf("make what stands beside Karpenter: %w", err)
	}
	return nil
}

// nodePorts is the Service by which this machine reaches Karpenter.
func nodePorts() document {
	return document{
		"apiVersion": "v1", "kind": "Service",
		"metadata": document{"name": release + "-outside", "namespace": namespace},
		"spec": document{
			"type":     "NodePort",
			"selector": document{"app.kubernetes.io/name": "karpenter", "app.kubernetes.io/instance": release},
			// A pod that is not ready has metrics and an answer, too.
			"publishNotReadyAddresses": true,
			"ports": []document{
				{"name": "metrics", "port": metricsPort, "targetPort": "http-metrics", "nodePort": metricsNodePort},
				{"name": "probe", "port": probePort, "targetPort": "http", "nodePort": probeNodePort},
			},
		},
	}
}

// cloudEnv is the Secret with the variables that point Karpenter at the simulated cloud.
// The control API is out of a pod's reach: it is no part of a cloud.
// The chart mounts the file that CLOUD_CONFIG names, and says where.
func cloudEnv(env []string, files map[string]string) document {
	data := map[string]string{}
	for name, content := range files {
		if content != "" {
			data[name] = content
		}
	}
	for _, entry := range env {
		name, value, _ := strings.Cut(entry, "=")
		switch name {
		case "AWS_CA_BUNDLE", "SSL_CERT_FILE":
			data[name] = cloudMount + "/" + authorityKey
		case "AWS_EC2_METADATA_SERVICE_ENDPOINT":
			data["AWS_EC2_METADATA_DISABLED"] = "true"
		case "CLOUDSIM_CONTROL", "CLOUD_CONFIG":
		default:
			data[name] = value
		}
	}
	return document{
		"apiVersion": "v1", "kind": "Secret",
		"metadata":   document{"name": cloudSecret, "namespace": namespace},
		"stringData": data,
	}
}
