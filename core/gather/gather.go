// SPDX-License-Identifier: Apache-2.0

package gather

import (
	"context"
	"errors"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"karpenter.sh/core/apis/vocabulary"
	"karpenter.sh/core/cluster"
	"karpenter.sh/core/cluster/defaultspread"
	"karpenter.sh/core/cluster/volume"
	"karpenter.sh/core/intake"
	"karpenter.sh/core/intake/storage"
	"karpenter.sh/core/objects/pods"
	"karpenter.sh/core/question"
)

// Options are what a [Gatherer] reads with.
type Options struct {
	// Reader reads from caches with the indexes of package index.
	Reader client.Reader
	// Vocabulary says which volumes the provider does not support.
	Vocabulary *vocabulary.Vocabulary
	// DefaultSpread gives pods the cluster's default spread constraints; nil
	// gives none.
	DefaultSpread *defaultspread.Source
}

// Gatherer begins rounds.
type Gatherer struct {
	Options
	volumes *volume.Reader
	storage *storage.Rules
}

// New returns a Gatherer.
func New(o Options) *Gatherer {
	return &Gatherer{Options: o, volumes: volume.NewReader(o.Reader), storage: storage.NewRules(o.Vocabulary)}
}

// Round is a question whose objects are being read. It serves one goroutine.
type Round struct {
	*question.Builder
	// Waits are all pods that wait for capacity, also those that have a NodeClaim on
	// its way.
	Waits []*corev1.Pod
	// Rejected pods cannot be understood or must not be served (SCH-030).
	Rejected []Rejected

	reader  client.Reader
	volumes *volume.Pass
}

// Rejected is a pod that is not part of a question.
type Rejected struct {
	Pod *corev1.Pod
	Err error
}

// Refuses reports whether the pod does not want a node of any pool.
func (r Rejected) Refuses() bool { return errors.Is(r.Err, intake.ErrRefusesKarpenter) }

// Begin begins a question about a snapshot, with no pods yet.
func (g *Gatherer) Begin(ctx context.Context, snapshot *cluster.Snapshot) (*Round, error) {
	namespaces, err := g.namespaces(ctx)
	if err != nil {
		return nil, err
	}
	return &Round{reader: g.Reader, volumes: g.volumes.Pass(), Builder: question.New(question.Options{
		Snapshot: snapshot, Namespaces: namespaces, DefaultSpread: g.DefaultSpread.Pass(ctx), Storage: g.storage,
	})}, nil
}

// namespaces are those that exist, with their labels, for namespace selectors.
func (g *Gatherer) namespaces(ctx context.Context) (map[string]map[string]string, error) {
	var list corev1.NamespaceList
	if err := g.Reader.List(ctx, &list, client.UnsafeDisableDeepCopy); err != nil {
		return nil, fmt.Errorf("listing namespaces: %w", err)
	}
	out := make(map[string]map[string]string, len(list.Items))
	for i := range list.Items {
		out[list.Items[i].Name] = list.Items[i].Labels
	}
	return out, nil
}

// PodBudgets reads the PodDisruptionBudgets.
func PodBudgets(ctx context.Context, r client.Reader) (pods.Budgets, error) {
	var list policyv1.PodDisruptionBudgetList
	if err := r.List(ctx, &list, client.UnsafeDisableDeepCopy); err != nil {
		return nil, fmt.Errorf("listing PodDisruptionBudgets: %w", err)
	}
	return pods.NewBudgets(list.Items), nil
}
