// SPDX-License-Identifier: Apache-2.0

package operator

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/awslabs/operatorpkg/status"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/manager"

	"karpenter.sh/core/apis/autoscaling/v1beta1"
	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/apis/v1alpha1"
	"karpenter.sh/core/operator/options"
)

// coreKinds are those without which nothing works.
func coreKinds() []schema.GroupVersionKind {
	return []schema.GroupVersionKind{v1.GroupVersion.WithKind("NodePool"), v1.GroupVersion.WithKind("NodeClaim")}
}

// gatedKinds are those that feature gates bring along (OPS-064).
func gatedKinds(gates options.FeatureGates) []schema.GroupVersionKind {
	var kinds []schema.GroupVersionKind
	if gates.NodeOverlay {
		kinds = append(kinds, v1alpha1.GroupVersion.WithKind("NodeOverlay"))
	}
	if gates.CapacityBuffer {
		kinds = append(kinds, v1beta1.GroupVersion.WithKind("CapacityBuffer"))
	}
	return kinds
}

// nodeClassKinds are those of a provider.
func nodeClassKinds(nodeClasses []status.Object, scheme *runtime.Scheme) ([]schema.GroupVersionKind, error) {
	var kinds []schema.GroupVersionKind
	for _, nodeClass := range nodeClasses {
		found, _, err := scheme.ObjectKinds(nodeClass)
		if err != nil {
			return nil, fmt.Errorf("finding the kind of node class %T: %w", nodeClass, err)
		}
		kinds = append(kinds, found[0])
	}
	return kinds, nil
}

// servedKinds asks the API server which kinds it serves.
type servedKinds struct {
	server resourceLister
}

// resourceLister is the part of a discovery client that is needed here.
type resourceLister interface {
	ServerResourcesForGroupVersionWithContext(ctx context.Context, groupVersion string) (*metav1.APIResourceList, error)
}

func newServedKinds(mgr manager.Manager) (*servedKinds, error) {
	// Without the limit that controllers share, lest a busy one seems not ready.
	config := rest.CopyConfig(mgr.GetConfig())
	config.RateLimiter, config.QPS = nil, -1
	client, err := discovery.NewDiscoveryClientForConfigAndClient(config, mgr.GetHTTPClient())
	if err != nil {
		return nil, fmt.Errorf("making the discovery client: %w", err)
	}
	return &servedKinds{server: client}, nil
}

// missingKindsError lists kinds that the API server does not serve.
type missingKindsError []schema.GroupVersionKind

func (e missingKindsError) Error() string {
	names := make([]string, len(e))
	for i, kind := range e {
		names[i] = kind.Kind + "." + kind.GroupVersion().String()
	}
	return "the API server does not serve " + strings.Join(names, ", ")
}

// check returns a missingKindsError unless all kinds are served now. Each call
// asks anew (OPS-069).
func (s *servedKinds) check(ctx context.Context, kinds []schema.GroupVersionKind) error {
	var missing missingKindsError
	lists := map[schema.GroupVersion]*metav1.APIResourceList{}
	for _, kind := range kinds {
		version := kind.GroupVersion()
		if _, asked := lists[version]; !asked {
			list, err := s.resources(ctx, version)
			if err != nil {
				return err
			}
			lists[version] = list
		}
		isKind := func(r metav1.APIResource) bool { return r.Kind == kind.Kind }
		if !slices.ContainsFunc(lists[version].APIResources, isKind) {
			missing = append(missing, kind)
		}
	}
	if len(missing) > 0 {
		return missing
	}
	return nil
}

// resources lists what is served of a version; an unknown one has nothing.
func (s *servedKinds) resources(ctx context.Context, version schema.GroupVersion) (*metav1.APIResourceList, error) {
	list, err := s.server.ServerResourcesForGroupVersionWithContext(ctx, version.String())
	if apierrors.IsNotFound(err) {
		return &metav1.APIResourceList{}, nil
	}
	if err != nil {
		return nil, fmt.Errorf("asking for the kinds of %s: %w", version, err)
	}
	return list, nil
}
