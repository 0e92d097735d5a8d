// SPDX-License-Identifier: Apache-2.0

package tagging_test

import (
	"context"
	"errors"
	"maps"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	clocktesting "k8s.io/utils/clock/testing"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/testkit/strictapi"
	awsv1 "karpenter.sh/providers/aws/apis/v1"
	"karpenter.sh/providers/aws/tagging"
)

var errDown = errors.New("EC2 is down")

// instances hold the tags of one, which may be gone or fail.
type instances struct {
	tags    map[string]string
	writes  int
	read    error
	written error
}

func (f *instances) Tags(_ context.Context, id string) (map[string]string, error) {
	if f.read != nil {
		return nil, f.read
	}
	if id != "i-1" {
		return nil, cloudprovider.NewNodeClaimNotFoundError(errors.New(id))
	}
	return maps.Clone(f.tags), nil
}

func (f *instances) Tag(_ context.Context, _ string, tags map[string]string) error {
	f.writes++
	if f.written != nil {
		return f.written
	}
	maps.Copy(f.tags, tags)
	return nil
}

// AWS-125
func TestTagging(t *testing.T) {
	all := map[string]string{"Name": "node-1", "karpenter.sh/nodeclaim": "claim", "eks:eks-cluster-name": "c1"}
	with := func(tags map[string]string) map[string]string {
		out := maps.Clone(all)
		maps.Copy(out, tags)
		return out
	}
	gone := cloudprovider.NewNodeClaimNotFoundError(errDown)
	for _, tc := range []struct {
		reason    string
		instances instances
		change    func(*v1.NodeClaim)
		want      map[string]string
		writes    int
		done      bool
		err       error
	}{
		{"all are missing", instances{tags: map[string]string{"team": "a"}}, nil, with(map[string]string{"team": "a"}), 1, true, nil},
		{"the user has given a name", instances{tags: map[string]string{"Name": "mine"}}, nil, with(map[string]string{"Name": "mine"}), 1, true, nil},
		{"a name that is empty is one", instances{tags: map[string]string{"Name": ""}}, nil, with(map[string]string{"Name": ""}), 1, true, nil},
		{"none is missing", instances{tags: maps.Clone(all)}, nil, all, 0, true, nil},
		{"one annotation is missing", instances{tags: map[string]string{}}, func(c *v1.NodeClaim) { c.Annotations = map[string]string{awsv1.AnnotationTagged: "true"} }, all, 1, true, nil},
		{"an annotation says no", instances{tags: map[string]string{}}, func(c *v1.NodeClaim) {
			c.Annotations = map[string]string{awsv1.AnnotationTagged: "true", awsv1.AnnotationClusterNameTagged: "false"}
		}, all, 1, true, nil},
		{"no node yet", instances{tags: map[string]string{}}, func(c *v1.NodeClaim) { c.Status.NodeName = "" }, map[string]string{}, 0, false, nil},
		{"being deleted", instances{tags: map[string]string{}}, func(c *v1.NodeClaim) {
			c.DeletionTimestamp, c.Finalizers = &metav1.Time{Time: time.Unix(1, 0)}, []string{v1.TerminationFinalizer}
		}, map[string]string{}, 0, false, nil},
		{"gone when it is read", instances{tags: map[string]string{}, read: gone}, nil, map[string]string{}, 0, false, nil},
		{"gone when it is written", instances{tags: map[string]string{}, written: gone}, nil, map[string]string{}, 1, false, nil},
		{"EC2 is down", instances{tags: map[string]string{}, written: errDown}, nil, map[string]string{}, 1, false, errDown},
		{"a provider ID that nobody can read", instances{tags: map[string]string{}}, func(c *v1.NodeClaim) { c.Status.ProviderID = "i-1" }, map[string]string{}, 0, false, reconcile.TerminalError(nil)},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			scheme := runtime.NewScheme()
			if err := v1.AddToScheme(scheme); err != nil {
				t.Fatal(err)
			}
			claim := &v1.NodeClaim{ObjectMeta: metav1.ObjectMeta{Name: "claim", UID: "uid"}}
			claim.Spec.NodeClassRef = v1.NodeClassReference{Group: awsv1.Group, Kind: awsv1.NodeClassKind, Name: "default"}
			claim.Status.NodeName, claim.Status.ProviderID = "node-1", "aws:///us-west-2a/i-1"
			if tc.change != nil {
				tc.change(claim)
			}
			api := strictapi.Client(t, fake.NewClientBuilder().WithScheme(scheme).WithObjects(claim).Build())
			controller := tagging.New(tagging.Options{
				Client: api, Kinds: cloudprovider.NodeClassKinds{schema.GroupKind(awsv1.Kind())}, Instances: &tc.instances,
				Cluster: "c1", Clock: clocktesting.NewFakePassiveClock(time.Unix(100, 0)),
			})
			read := func() *v1.NodeClaim {
				c := &v1.NodeClaim{}
				if err := api.Get(t.Context(), client.ObjectKey{Name: "claim"}, c); err != nil {
					t.Fatal(err)
				}
				return c
			}
			if _, err := controller.Reconcile(t.Context(), read()); !errors.Is(err, tc.err) || (tc.err == nil) != (err == nil) {
				t.Errorf("got %v, want %v", err, tc.err)
			}
			if !maps.Equal(tc.instances.tags, tc.want) || tc.instances.writes != tc.writes {
				t.Errorf("tags %v after %d writes, want %v after %d", tc.instances.tags, tc.instances.writes, tc.want, tc.writes)
			}
			got := read().Annotations
			if done := got[awsv1.AnnotationTagged] == "true" && got[awsv1.AnnotationClusterNameTagged] == "true"; done != tc.done {
				t.Errorf("annotations %v", got)
			}
		})
	}
}
