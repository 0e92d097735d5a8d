// SPDX-License-Identifier: Apache-2.0

package provisioning

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/awslabs/operatorpkg/reconciler"
	"github.com/awslabs/operatorpkg/singleton"
	"github.com/google/uuid"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/manager"

	"karpenter.sh/core/apis/vocabulary"
	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/cluster"
	"karpenter.sh/core/cluster/defaultspread"
	"karpenter.sh/core/controllers/provisioning/batch"
	"karpenter.sh/core/controllers/provisioning/launches"
	"karpenter.sh/core/controllers/provisioning/nomination"
	"karpenter.sh/core/engine/place"
	"karpenter.sh/core/engine/reason"
	"karpenter.sh/core/engine/requirement"
	"karpenter.sh/core/events"
	"karpenter.sh/core/gather"
	"karpenter.sh/core/launch"
	"karpenter.sh/core/metrics"
	"karpenter.sh/core/reconcile/concurrency"
	"karpenter.sh/core/reconcile/news"
)

// controllerName is the provisioner's name in logs and metrics (OPS-053).
const controllerName = "provisioner"

// loadRetry is how often a round that waits for the cluster state looks again.
const loadRetry = 250 * time.Millisecond

// Options are what a [Provisioner] is made of.
type Options struct {
	// Client reads from caches with the indexes of package index.
	Client      client.Client
	Provider    cloudprovider.CloudProvider
	NodeClasses cloudprovider.NodeClassKinds
	// Vocabulary say which volumes the provider does not support.
	Vocabulary *vocabulary.Vocabulary
	Cluster    *cluster.Cluster
	Recorder   events.Recorder
	Metrics    *metrics.Scheduler
	Clock      clock.WithTicker
	// BatchIdle and BatchMax are the times of the batching window (SCH-014).
	BatchIdle, BatchMax time.Duration
	// LaunchAhead launches, while a window is open, the machines that later pods would
	// not change (SCH-017).
	LaunchAhead bool
	// Window collects triggers; nil means one of the times above, by the clock.
	Window Window
	// DefaultSpread gives pods the cluster's default spread constraints; nil
	// gives none.
	DefaultSpread *defaultspread.Source
	// Nominations tell the scheduler what was planned; nil tells nobody.
	Nominations *nomination.Nominator
	// MinValues says what to do when a pool's minValues cannot be met (SCH-195).
	MinValues requirement.MinValuesPolicy
	// CPUMillis of the process, in milli-CPU, scale the trigger controllers
	// (SCH-012).
	CPUMillis int64
}

// Window says when a round is due.
type Window interface {
	// Trigger asks for a round on behalf of an object.
	Trigger(uid types.UID)
	// Known says that an object is taken into account already: when it asks for a round
	// while the window is open, that is no news.
	Known(uid types.UID)
	// Again asks for a round after a time, unless a window opens before. Not to be called
	// while one is open.
	Again(after time.Duration)
	// Wait blocks until a window has closed or a time that was asked for has come, or
	// until it is time for a look at an open window.
	Wait(ctx context.Context) batch.Moment
	// Looked says how long a look took. A look of which nothing is said is the last of
	// its window.
	Looked(took time.Duration)
}

// Provisioner runs the rounds.
type Provisioner struct {
	Options
	window  Window
	notices *notices
	hints   *hints
	crowds  *crowds
	// news are what the log says of pods and pools that are stuck.
	news   news.News
	stands *launches.Standing
	// mu guards launches while NodeClaims are created side by side.
	mu       sync.Mutex
	launches *launches.Ledger
	// left is the price per hour of what left ahead of the round that ends the window.
	left float64
	// rounds says whether another follows because limits held nodes back.
	rounds rounds
	// due says that a trigger was consumed and its round has not succeeded.
	due bool
}

// New returns a Provisioner.
func New(o Options) *Provisioner {
	if o.Nominations == nil {
		o.Nominations = nomination.New(nomination.Options{Off: true, Clock: o.Clock})
	}
	w := o.Window
	if w == nil {
		w = newWindow(o)
	}
	return &Provisioner{
		Options: o,
		window:  w,
		notices: newNotices(o.Recorder),
		hints:   newHints(o.Clock),
		crowds:  newCrowds(o.Clock),
		stands:  launches.NewStanding(), launches: launches.NewLedger(),
	}
}

func newWindow(o Options) Window {
	times := batch.Options{Idle: o.BatchIdle, Max: o.BatchMax, Clock: o.Clock}
	if o.LaunchAhead {
		times.Look = LookAhead
	}
	return batch.New(times)
}

func (p *Provisioner) gatherer() *gather.Gatherer {
	return gather.New(gather.Options{Reader: p.Client, Vocabulary: p.Vocabulary, DefaultSpread: p.DefaultSpread})
}

func (p *Provisioner) launcher() *launch.Launcher {
	return &launch.Launcher{Client: p.Client, Cluster: p.Cluster, Metrics: p.Metrics}
}

// Trigger asks for a round on behalf of an object.
func (p *Provisioner) Trigger(uid types.UID) { p.window.Trigger(uid) }

// pace makes one round at a time. After an error the next is at most a recheck away:
// whatever fails, however long, concerns other pods no longer than that (SCH-029).
func pace() controller.Options { return concurrency.Loop(recheck) }

// Register adds the provisioner and its triggers to the manager.
func (p *Provisioner) Register(_ context.Context, mgr manager.Manager) error {
	err := builder.ControllerManagedBy(mgr).Named(controllerName).
		WatchesRawSource(singleton.Source()).WithOptions(pace()).Complete(singleton.AsReconciler(p))
	if err != nil {
		return fmt.Errorf("registering controller %s: %w", controllerName, err)
	}
	return p.registerTriggers(mgr)
}

// Reconcile waits for a window of triggers to close and runs a round. A round
// that fails or cannot run yet keeps its trigger (SCH-020, SCH-029). While the
// window is open it launches ahead of the round what need not wait (SCH-017).
func (p *Provisioner) Reconcile(ctx context.Context) (reconciler.Result, error) {
	if !p.due {
		switch p.window.Wait(ctx) {
		case batch.Ended:
			return reconciler.Result{}, nil
		case batch.Look:
			p.look(ctx)
			return reconciler.Result{RequeueAfter: singleton.RequeueImmediately}, nil
		}
	}
	p.due = true
	if !p.Cluster.Loaded(ctx) {
		return reconciler.Result{RequeueAfter: loadRetry}, nil
	}
	p.rounds.begin()
	if err := p.round(ctx); err != nil {
		return reconciler.Result{}, err
	}
	p.left, p.due = 0, false
	if wait := p.rounds.next(); wait > 0 {
		p.window.Again(wait)
	}
	return reconciler.Result{RequeueAfter: singleton.RequeueImmediately}, nil
}

func (p *Provisioner) round(ctx context.Context) error {
	p.Metrics.Pass(controllerName)
	gathered, err := p.gather(ctx)
	if err != nil {
		return err
	}
	p.reportRejected(ctx, gathered)
	if len(gathered.Pods) == len(gathered.promised) {
		return nil // SCH-023, SCH-314
	}
	p.hints.consolidation(ctx, gathered.Cluster.Compiler(), gathered.Pods)
	p.hold(ctx, gathered)
	plan := p.solve(ctx, gathered)
	return p.carryOut(ctx, gathered, plan)
}

// input is what a round asks.
func (p *Provisioner) input(g *gathered) place.Input {
	out := g.Input()
	out.MinValues, out.Repack = p.MinValues, place.RepackSteps
	out.Closed, out.Barred = p.shunned(g)
	out.Expected = g.expected
	return out
}

func (p *Provisioner) solve(ctx context.Context, g *gathered) place.Plan {
	start := p.Clock.Now()
	simulation := p.Metrics.Begin(controllerName, uuid.NewString(), len(g.Pods))
	input := p.input(g)
	plan := place.Solve(input)
	plan.Placements = slices.DeleteFunc(plan.Placements, func(pl place.Placement) bool { return g.promised[pl.Pod] })
	took := p.Clock.Since(start)
	simulation.End(took, len(plan.Unplaced))
	p.Metrics.Zones(controllerName, g.zones(input))
	log.FromContext(ctx).Info("found provisionable pod(s)", "Pods", reason.Shorten(g.podNames(), shown), "duration", took.String())
	return plan
}
