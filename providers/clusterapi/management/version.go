// SPDX-License-Identifier: Apache-2.0

package management

import (
	"context"
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/rest"

	"karpenter.sh/providers/clusterapi/capi"
)

// Version asks a management cluster which version of Cluster API to speak with it
// (CAPI-121). Without one that is known it is capi.ErrNotServed.
func Version(ctx context.Context, config *rest.Config) (string, error) {
	client, err := discovery.NewDiscoveryClientForConfig(config)
	if err != nil {
		return "", fmt.Errorf("making a client for the versions of Cluster API: %w", err)
	}
	group := &metav1.APIGroup{}
	if err := client.RESTClient().Get().AbsPath("/apis/" + capi.Group).Do(ctx).Into(group); err != nil {
		return "", fmt.Errorf("asking which versions of Cluster API the management cluster serves: %w", err)
	}
	var served []string
	for _, version := range group.Versions {
		served = append(served, version.Version)
	}
	return capi.Choose(group.PreferredVersion.Version, served)
}
