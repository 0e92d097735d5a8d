// SPDX-License-Identifier: Apache-2.0

package state

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/manager"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/cluster"
	"karpenter.sh/core/cluster/cost"
)

// reexamination is how often objects are looked at without events (LIF-017).
const reexamination = time.Minute

// Options are what the controllers work with; all are required.
type Options struct {
	Cluster *cluster.Cluster
	Ledger  *cost.Ledger
	// Reader answers from the watch caches.
	Reader client.Reader
	// Live asks the API server.
	Live        client.Reader
	NodeClasses cloudprovider.NodeClassKinds
	// InstanceTypes are those that a pool could ever use, with their prices.
	InstanceTypes func(context.Context, *v1.NodePool) ([]*cloudprovider.InstanceType, error)
	Clock         clock.WithTicker
	Registerer    prometheus.Registerer
	// CPUMillis is the CPU request of the process.
	CPUMillis int64
}

// Controller is one that can be added to a manager.
type Controller interface {
	Register(ctx context.Context, m manager.Manager) error
}

// All returns the controllers of this package. An error means that their metrics
// are registered already.
func All(o Options) ([]Controller, error) {
	pricing, err := NewPricing(o)
	if err != nil {
		return nil, err
	}
	return []Controller{
		NewNode(o), NewPod(o), NewNodeClaim(o), NewNodePool(o), NewDaemonSet(o),
		NewLimitRange(o), NewRuntimeClass(o), NewNodeClaimGC(o), pricing,
	}, nil
}
