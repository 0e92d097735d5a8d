// SPDX-License-Identifier: Apache-2.0

package stock

import (
	"context"
	"fmt"
	"slices"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/cloudprovider/kit/catalogue"
	"karpenter.sh/core/cloudprovider/kit/health"
	"karpenter.sh/core/reconcile/concurrency"
	"karpenter.sh/providers/clusterapi/apis/v1alpha1"
	"karpenter.sh/providers/clusterapi/capi"
	"karpenter.sh/providers/clusterapi/instancetype"
	"karpenter.sh/providers/clusterapi/inventory"
	"karpenter.sh/providers/clusterapi/selection"
)

// atATime is of how many deployments facts are asked at a time: they may have to be read.
const atATime = 20

// Options are what a Stock works with; all but Facts are required.
type Options struct {
	// Inventory reads deployments, and knows which take part; only its caches are used.
	Inventory *inventory.Reader
	// Health remembers which deployments gave no Machine. Their places are called by
	// [Place].
	Health *health.Record
	// Facts tell what is known of a deployment beside what it says itself; nil: nothing.
	// An error is that it cannot be told now.
	Facts func(context.Context, *capi.MachineDeployment) (instancetype.Facts, error)
	// Clock ages what is known of deployments at their limit.
	Clock clock.PassiveClock
}

// Stock answers what can be had. It is safe for concurrent use.
type Stock struct {
	opts   Options
	shapes *shapes
	idle   *idle
	views  *catalogue.Memo[string, []*cloudprovider.InstanceType]
	latest *catalogue.Memo[string, *latest]
}

// New returns a Stock.
func New(o Options) *Stock {
	if o.Facts == nil {
		o.Facts = func(context.Context, *capi.MachineDeployment) (instancetype.Facts, error) {
			return instancetype.Facts{}, nil
		}
	}
	return &Stock{
		opts:   o,
		shapes: newShapes(),
		idle:   &idle{opts: o, known: map[types.NamespacedName]look{}},
		views:  catalogue.NewMemo[string, []*cloudprovider.InstanceType](catalogue.DefaultViews),
		latest: catalogue.NewMemo[string, *latest](catalogue.DefaultViews),
	}
}

// Place is what marks in the record call a deployment.
func Place(deployment types.NamespacedName) string { return deployment.String() }

// Deployment is one that a NodeClass selects.
type Deployment struct {
	// Object is shared, and not to be changed.
	Object *capi.MachineDeployment
	// Shape is of labels only if none could ever be read, and nil if not even they can be.
	Shape *instancetype.Shape
	// Err says why its annotations cannot be read now, or is ErrUntold; nil if all is known.
	Err error

	number uint64
}

// Name of the deployment.
func (d Deployment) Name() types.NamespacedName { return client.ObjectKeyFromObject(d.Object) }

// Selected returns the deployments that a NodeClass selects, by namespace and name. A
// selector that cannot be read is selection.ErrInvalid.
func (s *Stock) Selected(ctx context.Context, nodeClass *v1alpha1.ClusterAPINodeClass) ([]Deployment, error) {
	selector, err := selection.Selector(nodeClass)
	if err != nil {
		return nil, fmt.Errorf("selecting the MachineDeployments of ClusterAPINodeClass %s: %w", nodeClass.Name, err)
	}
	var list capi.MachineDeploymentList
	if err := s.opts.Inventory.Management.Cache.List(ctx, &list, client.UnsafeDisableDeepCopy); err != nil {
		return nil, fmt.Errorf("listing MachineDeployments: %w", err)
	}
	var members []*capi.MachineDeployment
	present := make(map[types.UID]bool, len(list.Items))
	for i := range list.Items {
		d := &list.Items[i]
		present[d.UID] = true
		if s.opts.Inventory.Scope.Member(d) && selector.Matches(labelsOf(d)) {
			members = append(members, d)
		}
	}
	out := make([]Deployment, len(members))
	concurrency.Each(members, atATime, func(i int, d *capi.MachineDeployment) error {
		out[i] = s.read(ctx, d)
		return nil
	})
	s.shapes.keep(present)
	slices.SortFunc(out, func(a, b Deployment) int { return strings.Compare(a.Name().String(), b.Name().String()) })
	return out, nil
}

// ShapeOf returns the shape of a deployment, or the last that could be read, or one of its
// labels only; nil if not even they can be read.
func (s *Stock) ShapeOf(ctx context.Context, d *capi.MachineDeployment) *instancetype.Shape {
	return s.read(ctx, d).Shape
}

// Types returns the instance types of some deployments for one who asks. The list is the
// caller's, its elements are shared.
func (s *Stock) Types(ctx context.Context, deployments []Deployment, asker instancetype.Asker) ([]*cloudprovider.InstanceType, error) {
	available, err := s.Available(ctx, deployments)
	if err != nil {
		return nil, err
	}
	shapes := ShapesOf(deployments)
	key := keyOf(deployments, asker, available)
	return slices.Clone(s.views.Get(key.all, func() []*cloudprovider.InstanceType {
		compiled := instancetype.Compile(shapes, asker, available)
		return s.latest.Get(key.asker, func() *latest { return &latest{} }).merge(compiled)
	})), nil
}

// ShapesOf are the shapes of those deployments that have one.
func ShapesOf(deployments []Deployment) []*instancetype.Shape {
	var out []*instancetype.Shape
	for _, d := range deployments {
		if d.Shape != nil {
			out = append(out, d.Shape)
		}
	}
	return out
}

// Available says of some deployments whether another Machine can be had (CAPI-029).
func (s *Stock) Available(ctx context.Context, deployments []Deployment) (instancetype.Available, error) {
	marks, out := s.opts.Health.Snapshot(), make(map[types.NamespacedName]bool, len(deployments))
	paused := map[types.NamespacedName]bool{}
	for _, d := range deployments {
		ok, err := s.available(ctx, d, marks, paused)
		if err != nil {
			return nil, err
		}
		out[d.Name()] = ok
	}
	return func(deployment types.NamespacedName) bool { return out[deployment] }, nil
}

func (s *Stock) available(ctx context.Context, d Deployment, marks *health.Snapshot, paused map[types.NamespacedName]bool) (bool, error) {
	if d.Err != nil || !d.Object.DeletionTimestamp.IsZero() || d.Object.Paused() {
		return false, nil //nolint:nilerr // why it cannot be read is told by whoever resolves the NodeClass
	}
	if _, marked := marks.Why(health.Offering{Places: []string{Place(d.Name())}}); marked {
		return false, nil
	}
	cluster := types.NamespacedName{Namespace: d.Object.Namespace, Name: d.Object.Spec.ClusterName}
	stopped, known := paused[cluster]
	if !known {
		var err error
		if stopped, err = s.paused(ctx, cluster); err != nil {
			return false, err
		}
		paused[cluster] = stopped
	}
	if stopped {
		return false, nil
	}
	if limit, limited := d.Object.MaxSize(); limited && d.Object.Replicas() >= limit {
		return limit > 0 && s.Idle(ctx, d.Name()), nil
	}
	return true, nil
}

// paused reports whether a cluster is. One that is not to be seen is not.
func (s *Stock) paused(ctx context.Context, name types.NamespacedName) (bool, error) {
	cluster := &capi.Cluster{}
	err := s.opts.Inventory.Management.Cache.Get(ctx, name, cluster)
	if apierrors.IsNotFound(err) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("getting Cluster %s: %w", name, err)
	}
	return cluster.Paused(), nil
}

// Idle reports whether a deployment has a Machine that nobody has and no pod runs on, as
// of at most a second ago.
func (s *Stock) Idle(ctx context.Context, deployment types.NamespacedName) bool {
	return s.idle.of(ctx, deployment)
}
