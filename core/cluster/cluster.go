// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"sync"
	"time"

	"github.com/go-logr/logr"
	"github.com/prometheus/client_golang/prometheus"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/clock"

	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/engine/attach"
	"karpenter.sh/core/intake"
)

// DefaultNominationWindow is the nomination window at the default batching
// durations (LIF-046).
const DefaultNominationWindow = 20 * time.Second

// leastNomination bounds from below how long a node is kept for pods that were
// placed on it.
const leastNomination = 10 * time.Second

// NominationWindow is the nomination window at a longest batching duration
// (LIF-046).
func NominationWindow(batchMax time.Duration) time.Duration {
	return max(2*batchMax, leastNomination)
}

// Options are what a [Cluster] is made of.
type Options struct {
	Clock clock.PassiveClock
	// Compiler is the first generation of the names that nodes are compiled
	// with. Users of the model take the compiler from the [Snapshot].
	Compiler *intake.Compiler
	// Inventory is what the first sync is checked against.
	Inventory  Inventory
	Registerer prometheus.Registerer
	Log        logr.Logger
	// NominationWindow is how long a node is kept for pods that were placed
	// there; the default is DefaultNominationWindow.
	NominationWindow time.Duration
	// LaunchTimeout is how long a NodeClaim may take to launch; the default is
	// cloudprovider.DefaultLaunchTimeout.
	LaunchTimeout time.Duration
	// IgnoreDRARequests leaves daemons that ask for devices out (SCH-127).
	IgnoreDRARequests bool
}

// Cluster is the live model. Safe for concurrent use.
type Cluster struct {
	// Decisions are what became of pending pods.
	Decisions *Decisions

	clock            clock.PassiveClock
	nominationWindow time.Duration
	launchTimeout    time.Duration
	metrics          *collectors
	sync             syncState

	mu            sync.RWMutex
	epoch         *epoch
	entries       map[string]*entry // by key
	order         order
	nodes         map[string]*nodeRef
	claims        map[string]*claimRef
	unlaunched    map[string]*Unlaunched
	pools         pools
	census        census
	poolClaims    map[string]*poolClaims
	awaited       map[types.NamespacedName]*claimRef // unlaunched, by the pods they were created for
	bound         map[types.NamespacedName]*Pod
	onNode        map[string]*podSet              // by name of the Node
	expected      map[types.NamespacedName]string // Nodes that pods are nominated to
	gone          map[string]bool                 // Nodes that went, by name, for a while
	served        served
	evidence      map[kind]remembered // replaced, never changed
	volumeLimits  map[string]attach.Limits
	daemons       daemons
	nodePools     map[string]nodePoolVersion
	consolidation consolidation
}

// New returns an empty model. An error means that the metrics are registered
// already.
func New(o Options) (*Cluster, error) {
	m, err := newCollectors(o.Registerer)
	if err != nil {
		return nil, err
	}
	if o.NominationWindow == 0 {
		o.NominationWindow = DefaultNominationWindow
	}
	if o.LaunchTimeout == 0 {
		o.LaunchTimeout = cloudprovider.DefaultLaunchTimeout
	}
	return &Cluster{
		Decisions:        newDecisions(o.Clock, m.decisionDuration),
		clock:            o.Clock,
		nominationWindow: o.NominationWindow,
		launchTimeout:    o.LaunchTimeout,
		metrics:          m,
		sync:             syncState{inventory: o.Inventory, log: o.Log},
		epoch:            &epoch{compiler: o.Compiler},
		entries:          map[string]*entry{},
		nodes:            map[string]*nodeRef{},
		claims:           map[string]*claimRef{},
		unlaunched:       map[string]*Unlaunched{},
		pools:            pools{},
		census:           census{rules: map[string]*counted{}},
		poolClaims:       map[string]*poolClaims{},
		awaited:          map[types.NamespacedName]*claimRef{},
		bound:            map[types.NamespacedName]*Pod{},
		onNode:           map[string]*podSet{},
		expected:         map[types.NamespacedName]string{},
		gone:             map[string]bool{},
		served:           served{},
		volumeLimits:     map[string]attach.Limits{},
		daemons:          newDaemons(o.IgnoreDRARequests),
		nodePools:        map[string]nodePoolVersion{},
	}, nil
}

// compiler is the current generation.
func (c *Cluster) compiler() *intake.Compiler {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.epoch.compiler
}
