// SPDX-License-Identifier: Apache-2.0

package disruption

import (
	"cmp"
	"context"
	"runtime"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/cluster"
	"karpenter.sh/core/controllers/disruption/cordon"
	"karpenter.sh/core/controllers/disruption/moves"
	"karpenter.sh/core/controllers/disruption/queue"
	"karpenter.sh/core/controllers/disruption/report"
	"karpenter.sh/core/controllers/disruption/setbacks"
	"karpenter.sh/core/controllers/disruption/survey"
	"karpenter.sh/core/engine/disrupt"
	"karpenter.sh/core/engine/requirement"
	"karpenter.sh/core/events"
	"karpenter.sh/core/gather"
	"karpenter.sh/core/launch"
	"karpenter.sh/core/metrics"
	"karpenter.sh/core/reconcile/news"
)

// Name is the name of the controller in logs and metrics.
const Name = "disruption"

// Cluster is the live model.
type Cluster interface {
	survey.Snapshots
	queue.Model
	launch.Cluster
	// Loaded reports whether the model has ever been complete, Synced whether no
	// NodeClaim is in the dark.
	Loaded(ctx context.Context) bool
	Synced(ctx context.Context) bool
	// MarkForDeletion says that nodes are on their way out, Nominate that pods are
	// expected on nodes.
	MarkForDeletion(ids ...string)
	// ConsolidationState is a stamp of all that disruption decides from.
	ConsolidationState() uint64
	Nominate(ids ...string)
	// Unlaunched lists the NodeClaims that are not launched.
	Unlaunched() []*cluster.Unlaunched
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
	// Limits are the shared limits of the moment, which replacements must not exceed
	// (DIS-176); nil means that there are none.
	Limits func() cloudprovider.Limits
	// LaunchTimeout is how long a launch of the provider may take (DIS-128); the default is
	// cloudprovider.DefaultLaunchTimeout.
	LaunchTimeout time.Duration
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
	// Scheduler counts the replacements that are created.
	Scheduler *metrics.Scheduler
	// Gatherer reads the pods of what-ifs.
	Gatherer *gather.Gatherer
	// MinValues says what to do when a pool's minValues cannot be met (SCH-195).
	MinValues requirement.MinValuesPolicy
	// SpotToSpot allows to replace spot nodes by cheaper spot nodes (DIS-084).
	SpotToSpot bool
	// MovesPerHour is how often consolidation may move a pod of a workload within
	// [disrupt.CoolDown], on average (DIS-172).
	MovesPerHour int
	// Methods are the strategies, in the order in which they are asked; nil for
	// all that there are (DIS-020).
	Methods []disrupt.Method
	// CPUMillis is the CPU request of the process, which scales the number of
	// workers.
	CPUMillis int64
}

// Controller is the disruption loop. Its methods are for one goroutine.
type Controller struct {
	Options
	methods   []disrupt.Method
	surveyor  *survey.Surveyor
	launcher  *launch.Launcher
	cordon    *cordon.Cordon
	queue     *queue.Queue
	metrics   *report.Metrics
	proposals proposals
	late      late
	verdicts  verdicts
	setbacks  *setbacks.Ledger
	moves     *moves.Ledger
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
	ledger, failed := &moves.Ledger{}, &setbacks.Ledger{}
	cordon := &cordon.Cordon{Client: o.Client, Live: o.Live, Clock: o.Clock}
	return &Controller{
		Options: o,
		methods: methods(o),
		surveyor: survey.New(survey.Options{
			Reader: o.Client, Cluster: o.Cluster, InstanceTypes: o.InstanceTypes, PodEvents: o.PodEvents,
			NodeClasses: o.NodeClasses, ReservationIDLabel: o.ReservationIDLabel,
			Gatherer: o.Gatherer, MinValues: o.MinValues, Clock: o.Clock, Moves: ledger, MovesPerHour: o.MovesPerHour,
		}),
		launcher: &launch.Launcher{Client: o.Client, Cluster: o.Cluster, Metrics: o.Scheduler},
		cordon:   cordon,
		queue: queue.New(queue.Options{
			Client: o.Client, Live: o.Live, Cordon: cordon, Model: o.Cluster, Clock: o.Clock,
			Recorder: o.Recorder, NodeClaims: o.NodeClaims, Metrics: collectors, Setbacks: failed, CPUMillis: o.CPUMillis,
			LaunchTimeout: cmp.Or(o.LaunchTimeout, cloudprovider.DefaultLaunchTimeout),
		}),
		metrics: collectors,
		late:    late{}, verdicts: verdicts{}, setbacks: failed, moves: ledger,
	}, nil
}

// methods are those that were given, or all that there are, in their order
// (DIS-020).
func methods(o Options) []disrupt.Method {
	if o.Methods != nil {
		return o.Methods
	}
	return []disrupt.Method{disrupt.Emptiness{}, disrupt.Drift{}, disrupt.Consolidation{SpotToSpot: o.SpotToSpot, Workers: runtime.GOMAXPROCS(0)}}
}

// Queue carries out the commands that the controller starts. It is registered
// with the controller.
func (c *Controller) Queue() *queue.Queue { return c.queue }

// held reports whether a command is about the node of an ID.
func (c *Controller) held(id string) bool {
	return c.queue.Holds(id) || c.proposals.hold(id)
}
