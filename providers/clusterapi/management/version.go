// SPDX-License-Identifier: Apache-2.0

package management

import (
	"context"
	"fmt"
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/rest"

	"karpenter.sh/providers/clusterapi/capi"
)

// served is what a management cluster says of Cluster API.
type served struct {
	versions []string
	// choice is the version to speak.
	choice string
}

func (s served) has(version string) bool { return slices.Contains(s.versions, version) }

// newAsker makes a client without the limit that controllers share, lest a cluster with
// much to do seems not to answer.
func newAsker(config *rest.Config) (rest.Interface, error) {
	unlimited := rest.CopyConfig(config)
	unlimited.RateLimiter, unlimited.QPS = nil, -1
	client, err := discovery.NewDiscoveryClientForConfig(unlimited)
	if err != nil {
		return nil, fmt.Errorf("making a client for the versions of Cluster API: %w", err)
	}
	return client.RESTClient(), nil
}

// ask asks a management cluster which version of Cluster API to speak with it (CAPI-121).
// Without one that is known it is capi.ErrNotServed.
func ask(ctx context.Context, client rest.Interface) (served, error) {
	group := &metav1.APIGroup{}
	if err := client.Get().AbsPath("/apis/" + capi.Group).Do(ctx).Into(group); err != nil {
		return served{}, fmt.Errorf("asking which versions of Cluster API the management cluster serves: %w", err)
	}
	var s served
	for _, version := range group.Versions {
		s.versions = append(s.versions, version.Version)
	}
	var err error
	s.choice, err = capi.Choose(group.PreferredVersion.Version, s.versions)
	return s, err
}
