// SPDX-License-Identifier: Apache-2.0

package machines

import (
	"context"
	"fmt"
	"sync"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/tools/clientcmd"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// kubeconfigKey is where Cluster API keeps the kubeconfig in a Secret.
const kubeconfigKey = "value"

// workloads are clients of workload clusters, made once for each version of the Secret
// that leads there.
type workloads struct {
	secrets client.Reader

	mu    sync.Mutex
	known map[types.NamespacedName]workload
}

type workload struct {
	client  client.Client
	version string
}

func newWorkloads(secrets client.Reader) *workloads {
	return &workloads{secrets: secrets, known: map[types.NamespacedName]workload{}}
}

// of returns a client of a cluster, by the Secret in its namespace.
func (w *workloads) of(ctx context.Context, namespace, cluster string) (client.Client, error) {
	secret := &corev1.Secret{}
	name := types.NamespacedName{Namespace: namespace, Name: kubeconfigName(cluster)}
	if err := w.secrets.Get(ctx, name, secret); err != nil {
		return nil, fmt.Errorf("read the kubeconfig of cluster %s: %w", cluster, err)
	}
	version := string(secret.UID) + "/" + secret.ResourceVersion
	w.mu.Lock()
	defer w.mu.Unlock()
	if have, found := w.known[name]; found && have.version == version {
		return have.client, nil
	}
	config, err := clientcmd.RESTConfigFromKubeConfig(secret.Data[kubeconfigKey])
	if err != nil {
		return nil, fmt.Errorf("parse the kubeconfig of cluster %s: %w", cluster, err)
	}
	config.QPS = -1
	made, err := client.New(config, client.Options{})
	if err != nil {
		return nil, fmt.Errorf("connect to cluster %s: %w", cluster, err)
	}
	w.known[name] = workload{made, version}
	return made, nil
}

func kubeconfigName(cluster string) string { return cluster + "-kubeconfig" }
