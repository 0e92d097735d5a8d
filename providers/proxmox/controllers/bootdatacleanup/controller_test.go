// SPDX-License-Identifier: Apache-2.0

package bootdatacleanup_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/awslabs/operatorpkg/status"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/testkit/strictapi"
	"karpenter.sh/providers/proxmox/apis/v1alpha1"
	"karpenter.sh/providers/proxmox/controllers/bootdatacleanup"
)

// cloud notes what is done, and fails as it is told.
type cloud struct {
	done          []string
	eject, revoke error
}

func (c *cloud) Eject(context.Context, *v1.NodeClaim) error {
	c.done = append(c.done, "eject")
	return c.eject
}

func (c *cloud) Revoke(_ context.Context, id string) error {
	c.done = append(c.done, "revoke "+id)
	return c.revoke
}

func claim(change func(*v1.NodeClaim)) *v1.NodeClaim {
	out := &v1.NodeClaim{ObjectMeta: metav1.ObjectMeta{Name: "n1", Annotations: map[string]string{v1alpha1.AnnotationToken: "abcdef"}}}
	out.Spec.NodeClassRef = v1.NodeClassReference{Group: v1alpha1.Group, Kind: v1alpha1.NodeClassKind, Name: "gone"}
	out.Status.Conditions = []status.Condition{{Type: v1.ConditionTypeInitialized, Status: metav1.ConditionTrue}}
	if change != nil {
		change(out)
	}
	return out
}

// PVE-099: what is taken away, and when.
func TestReconcile(t *testing.T) {
	for _, row := range []struct {
		reason    string
		change    func(*v1.NodeClaim)
		cloud     cloud
		done      string
		annotated bool
		fails     bool
	}{
		{"its node works, and its NodeClass is gone", nil, cloud{}, "[eject revoke abcdef]", true, false},
		{"it has no token", func(c *v1.NodeClaim) { c.Annotations = nil }, cloud{}, "[eject]", true, false},
		{"its machine is gone", nil, cloud{eject: cloudprovider.NewNodeClaimNotFoundError(errors.New("gone"))}, "[eject revoke abcdef]", true, false},
		{"its medium stays", nil, cloud{eject: errors.New("down")}, "[eject]", false, true},
		{"its token stays", nil, cloud{revoke: errors.New("down")}, "[eject revoke abcdef]", false, true},
		{"its node does not work yet", func(c *v1.NodeClaim) { c.Status.Conditions = nil }, cloud{}, "[]", false, false},
		{"it is being deleted", func(c *v1.NodeClaim) {
			c.DeletionTimestamp, c.Finalizers = &metav1.Time{Time: time.Unix(0, 0)}, []string{"x/y"}
		}, cloud{}, "[revoke abcdef]", true, false},
		{"it is being deleted and has no token", func(c *v1.NodeClaim) {
			c.DeletionTimestamp, c.Finalizers, c.Annotations = &metav1.Time{Time: time.Unix(0, 0)}, []string{"x/y"}, nil
		}, cloud{}, "[]", false, false},
		{"it was done", func(c *v1.NodeClaim) { c.Annotations[v1alpha1.AnnotationCloudInitStatus] = "Initialized" }, cloud{}, "[]", true, false},
		{"of another provider", func(c *v1.NodeClaim) { c.Spec.NodeClassRef.Group = "example.com" }, cloud{}, "[]", false, false},
	} {
		t.Run(row.reason, func(t *testing.T) {
			scheme := runtime.NewScheme()
			if err := v1.AddToScheme(scheme); err != nil {
				t.Fatal(err)
			}
			stored := claim(row.change)
			api := strictapi.Client(t, fake.NewClientBuilder().WithScheme(scheme).WithObjects(stored).Build())
			_, err := bootdatacleanup.New(bootdatacleanup.Options{Client: api, Media: &row.cloud, Tokens: &row.cloud}).Reconcile(t.Context(), stored)
			now := &v1.NodeClaim{}
			if err := api.Get(t.Context(), client.ObjectKey{Name: "n1"}, now); err != nil {
				t.Fatal(err)
			}
			if (err != nil) != row.fails || fmt.Sprint(row.cloud.done) != row.done || (now.Annotations[v1alpha1.AnnotationCloudInitStatus] == "Initialized") != row.annotated {
				t.Errorf("got %v, %v, %v", err, row.cloud.done, now.Annotations)
			}
		})
	}
}
