// SPDX-License-Identifier: Apache-2.0

package connection

import (
	"context"
	"fmt"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	"sigs.k8s.io/controller-runtime/pkg/client"

	autoscalingv1beta1 "karpenter.sh/core/apis/autoscaling/v1beta1"
	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/apis/v1alpha1"
)

// Connection reaches one API server. Its client reads from the server itself, not
// from a cache.
type Connection struct {
	client.WithWatch
	// Config has no rate limit; others may be built from it.
	Config *rest.Config
}

// Open connects to the cluster of a kubeconfig.
func Open(kubeconfig string) (*Connection, error) {
	config, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	if err != nil {
		return nil, fmt.Errorf("read kubeconfig %q: %w", kubeconfig, err)
	}
	config.QPS = -1 // nobody waits for his own client
	scheme, err := Scheme()
	if err != nil {
		return nil, err
	}
	c, err := client.NewWithWatch(config, client.Options{Scheme: scheme})
	if err != nil {
		return nil, fmt.Errorf("connect to the cluster: %w", err)
	}
	return &Connection{WithWatch: c, Config: config}, nil
}

// Scheme knows the kinds of Kubernetes and of Karpenter's core. NodeClasses are
// handled untyped.
func Scheme() (*runtime.Scheme, error) {
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{
		clientgoscheme.AddToScheme, v1.AddToScheme, v1alpha1.AddToScheme, autoscalingv1beta1.AddToScheme,
	} {
		if err := add(scheme); err != nil {
			return nil, fmt.Errorf("register types: %w", err)
		}
	}
	return scheme, nil
}

// Put creates or updates objects in the given order. Their fields belong to the
// owner then, whoever had them.
func (c *Connection) Put(ctx context.Context, owner string, objects ...*unstructured.Unstructured) error {
	for _, o := range objects {
		err := c.Apply(ctx, client.ApplyConfigurationFromUnstructured(o), client.FieldOwner(owner), client.ForceOwnership)
		if err != nil {
			return fmt.Errorf("apply %s %s: %w", o.GetKind(), o.GetName(), err)
		}
	}
	return nil
}
