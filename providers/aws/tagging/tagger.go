// SPDX-License-Identifier: Apache-2.0

package tagging

import (
	"context"
	"fmt"
	"time"

	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/cloudprovider/kit/tag"
	awsv1 "karpenter.sh/providers/aws/apis/v1"
	"karpenter.sh/providers/aws/providerid"
)

// every is the least time between two calls that write tags (AWS-125).
const every = time.Second

// Instances reads and writes the tags of instances. An instance that is gone is a
// cloudprovider.NodeClaimNotFoundError.
type Instances interface {
	// Tags describes an instance afresh (AWS-321).
	Tags(ctx context.Context, instanceID string) (map[string]string, error)
	// Tag adds tags to an instance.
	Tag(ctx context.Context, instanceID string, tags map[string]string) error
}

// Options are what the controller works with; all are required.
type Options struct {
	// Client reads from the cache and writes.
	Client client.Client
	// Kinds of NodeClasses that the provider manages.
	Kinds     cloudprovider.NodeClassKinds
	Instances Instances
	// Cluster is the cluster's name.
	Cluster string
	Clock   clock.PassiveClock
}

// New returns the controller nodeclaim.tagging.
func New(o Options) *tag.Controller {
	return tag.New(tag.Options{
		Client: o.Client, Kinds: o.Kinds, Tagger: &Tagger{Instances: o.Instances, Cluster: o.Cluster},
		Done:  map[string]string{awsv1.AnnotationTagged: "true", awsv1.AnnotationClusterNameTagged: "true"},
		Every: every, Clock: o.Clock,
	})
}

// Tagger adds the tags of AWS-125.
type Tagger struct {
	Instances Instances
	// Cluster is the cluster's name.
	Cluster string
}

var _ tag.Tagger = (*Tagger)(nil)

// Tag adds those that the NodeClaim's instance lacks. A provider ID that cannot be read
// is a reconcile.TerminalError: it never changes.
func (t *Tagger) Tag(ctx context.Context, nodeClaim *v1.NodeClaim) error {
	id, err := providerid.InstanceID(nodeClaim.Status.ProviderID)
	if err != nil {
		return reconcile.TerminalError(err)
	}
	has, err := t.Instances.Tags(ctx, id)
	if err != nil {
		return fmt.Errorf("reading the tags of instance %s: %w", id, err)
	}
	missing := t.tags(nodeClaim)
	for key := range has {
		delete(missing, key)
	}
	if len(missing) == 0 {
		return nil
	}
	if err := t.Instances.Tag(ctx, id, missing); err != nil {
		return fmt.Errorf("writing tags of instance %s: %w", id, err)
	}
	return nil
}

func (t *Tagger) tags(nodeClaim *v1.NodeClaim) map[string]string {
	return map[string]string{
		awsv1.TagName:      nodeClaim.Status.NodeName,
		awsv1.TagNodeClaim: nodeClaim.Name,
		awsv1.TagCluster:   t.Cluster,
	}
}
