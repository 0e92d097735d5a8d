// SPDX-License-Identifier: Apache-2.0

package disruption

import (
	"context"

	"github.com/prometheus/client_golang/prometheus"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/controllers/disruption/cordon"
	"karpenter.sh/core/controllers/disruption/queue"
	"karpenter.sh/core/controllers/disruption/report"
	"karpenter.sh/core/controllers/disruption/survey"
	"karpenter.sh/core/engine/disrupt"
	"karpenter.sh/core/events"
	"karpenter.sh/core/metrics"
	"karpenter.sh/core/reconcile/news"
)

// Name is the name of the controller in logs and metrics.
const Name = "disruption"

// Cluster is the live model.
type Cluster interface {
	survey.Snapshots
	queue.Marks
	// Loaded reports whether the model has ever been complete, Synced whether no
	// NodeClaim is in the dark.
	Loaded(ctx context.Context) bool
	Synced(ctx context.Context) bool
	// MarkForDeletion says that nodes are on their way out.
	MarkForDeletion(ids ...string)
}

// Options are what the controller works with. Unless said otherwise each is
// required.
type Options struct {
	// Client reads from the cache.
	Client client.Client
	// Live reads from the API server.
	Live    client.Reader
	Cluster Cluster
	// InstanceTypes is the cloud provider.
	InstanceTypes survey.InstanceTypes
	// PodEvents is the controller nodeclaim.podevents.
	PodEvents   survey.PodEvents
	NodeClasses cloudprovider.NodeClassKinds
	// ReservationIDLabel is the provider's label for a capacity reservation;
	// empty if it has none.
	ReservationIDLabel string
	Clock              clock.Clock
	Recorder           events.Recorder
	Registerer         prometheus.Registerer
	NodeClaims         *metrics.NodeClaims
	// CPUMillis is the CPU request of the process, which scales the number of
	// workers.
	CPUMillis int64
}

// Controller is the disruption loop. Its methods are for one goroutine.
type Controller struct {
	Options
	methods   []disrupt.Method
	surveyor  *survey.Surveyor
	cordon    *cordon.Cordon
	queue     *queue.Queue
	metrics   *report.Metrics
	proposals proposals
	late      late
	news      news.News
	patience  report.Patience
}

// New returns the controller. An error means that its metrics are registered
// already.
func New(o Options) (*Controller, error) {
	collectors, err := report.NewMetrics(o.Registerer)
	if err != nil {
		return nil, err
	}
	cordon := &cordon.Cordon{Client: o.Client, Live: o.Live, Clock: o.Clock}
	return &Controller{
		Options: o,
		methods: []disrupt.Method{ // DIS-020
			disrupt.Emptiness{},
		},
		surveyor: survey.New(survey.Options{
			Reader: o.Client, Cluster: o.Cluster, InstanceTypes: o.InstanceTypes, PodEvents: o.PodEvents,
			NodeClasses: o.NodeClasses, ReservationIDLabel: o.ReservationIDLabel, Clock: o.Clock,
		}),
		cordon: cordon,
		queue: queue.New(queue.Options{
			Client: o.Client, Live: o.Live, Cordon: cordon, Marks: o.Cluster, Clock: o.Clock,
			Recorder: o.Recorder, NodeClaims: o.NodeClaims, CPUMillis: o.CPUMillis,
		}),
		metrics: collectors,
		late:    late{},
	}, nil
}

// Queue carries out the commands that the controller starts. It is registered
// with the controller.
func (c *Controller) Queue() *queue.Queue { return c.queue }

// held reports whether a command is about the node of an ID.
func (c *Controller) held(id string) bool {
	return c.queue.Holds(id) || c.proposals.hold(id)
}
