// SPDX-License-Identifier: Apache-2.0

package provider

import (
	"context"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/awslabs/operatorpkg/status"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"karpenter.sh/core/apis/vocabulary"
	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/cloudprovider/kit/catalogue"
	"karpenter.sh/core/cloudprovider/kit/errortable"
	"karpenter.sh/core/cloudprovider/kit/health"
	"karpenter.sh/core/cloudprovider/kit/ledger"
	"karpenter.sh/core/cloudprovider/kit/nodeclass/lookup"
	"karpenter.sh/core/cloudprovider/kit/nodeclass/statichash"
	"karpenter.sh/core/cloudprovider/kit/observed"
	"karpenter.sh/core/events"
	"karpenter.sh/providers/proxmox/apis/v1alpha1"
	"karpenter.sh/providers/proxmox/bootdata"
	"karpenter.sh/providers/proxmox/failure"
	"karpenter.sh/providers/proxmox/instancetype"
	"karpenter.sh/providers/proxmox/inventory"
	"karpenter.sh/providers/proxmox/launch"
)

// Name is the provider's name (PVE-001).
const Name = "proxmox"

// Options is what a Provider is made of. All are required but Hash, MemoryOverhead and
// Shuffle.
type Options struct {
	// Client reads NodeClasses, NodeClaims and Nodes from the cache, with the indexes of
	// the core's package index.
	Client client.Reader
	Events events.Recorder
	// Cluster is the identity of the Kubernetes cluster (CP-115).
	Cluster   string
	Inventory *inventory.Inventory
	// Launcher has the ledger of the inventory.
	Launcher *launch.Launcher
	// Boot prepares boot data.
	Boot *bootdata.Writer
	// Shapes are the kinds of machines that are sold.
	Shapes *catalogue.Store[instancetype.Shape]
	// Health takes what turned out not to be had.
	Health *health.Record
	// Hash is that of the NodeClass; nil: v1alpha1.HashScheme.
	Hash *statichash.Scheme[*v1alpha1.ProxmoxNodeClass]
	// MemoryOverhead is the share of the memory that guests do not see, 0 to 1 (PVE-043).
	MemoryOverhead float64
	Clock          clock.Clock
	// Shuffle returns 0 to n-1 in any order; nil: at random.
	Shuffle func(n int) []int
}

// Provider is the provider of Proxmox VE. It is safe for concurrent use. Close it.
type Provider struct {
	opts   Options
	words  *vocabulary.Vocabulary
	table  *errortable.Table
	ledger *ledger.Ledger[machine]
	bases  *catalogue.Memo[baseKey, *base]
	views  *catalogue.Views[viewKey]
	// observed is the memory that nodes reported.
	observed *observed.Memory

	mu       sync.Mutex // guards what follows
	leads    time.Time  // when the first launch was asked for: nobody else launches since
	launches map[types.UID]*underway
}

// appears is how late a machine may be seen after a call that was answered or lost: lists
// may be that old, and members of a cluster agree within moments (PVE-221).
const appears = inventory.MachinesAge + 2*time.Second

// New returns a provider. It makes no call.
func New(o Options) (*Provider, error) {
	if o.Shuffle == nil {
		o.Shuffle = rand.Perm
	}
	if o.Hash == nil {
		o.Hash = new(v1alpha1.HashScheme())
	}
	table, err := failure.New()
	if err != nil {
		return nil, err
	}
	p := &Provider{
		opts: o, table: table, launches: map[types.UID]*underway{},
		observed: observed.NewMemory(o.Clock),
		bases:    catalogue.NewMemo[baseKey, *base](0), views: catalogue.NewViews[viewKey](0),
	}
	p.ledger = ledger.New(ledger.Options{Appears: appears, Timeout: cloudprovider.DefaultLaunchTimeout, Clock: o.Clock}, ledger.Cloud[machine]{
		Find: p.find, ProviderID: machine.providerID, Refused: refused,
	})
	p.words, err = cloudprovider.VocabularyOf(p)
	return p, err
}

// Close refuses launches, waits for those under way, and hurries them when ctx ends: they
// take back what they have made.
func (p *Provider) Close(ctx context.Context) { p.ledger.Close(ctx) }

// Name implements cloudprovider.CloudProvider.
func (p *Provider) Name() string { return Name }

// SupportedNodeClasses implements cloudprovider.CloudProvider.
func (p *Provider) SupportedNodeClasses() []status.Object {
	return []status.Object{&v1alpha1.ProxmoxNodeClass{}}
}

// RepairPolicies implements cloudprovider.CloudProvider (PVE-106).
func (p *Provider) RepairPolicies() []cloudprovider.RepairPolicy {
	const toleration = 15 * time.Minute
	return []cloudprovider.RepairPolicy{
		{ConditionType: corev1.NodeReady, ConditionStatus: corev1.ConditionFalse, TolerationDuration: toleration},
		{ConditionType: corev1.NodeReady, ConditionStatus: corev1.ConditionUnknown, TolerationDuration: toleration},
	}
}

// Vocabulary implements cloudprovider.Vocabularian (PVE-004).
func (p *Provider) Vocabulary() vocabulary.Additions { return v1alpha1.Vocabulary() }

// lookup finds NodeClasses (CP-010).
func (p *Provider) lookup() lookup.Lookup[*v1alpha1.ProxmoxNodeClass] {
	return lookup.Lookup[*v1alpha1.ProxmoxNodeClass]{
		Get:    lookup.From(p.opts.Client, func() *v1alpha1.ProxmoxNodeClass { return &v1alpha1.ProxmoxNodeClass{} }),
		Events: p.opts.Events,
	}
}
