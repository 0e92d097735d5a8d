// SPDX-License-Identifier: Apache-2.0

package conditions_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/awslabs/operatorpkg/status"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/apis/vocabulary"
	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/cloudprovider/fake/v1alpha1"
	"karpenter.sh/core/controllers/disruption/conditions"
	"karpenter.sh/core/controllers/internal/fixture"
	"karpenter.sh/core/testkit/stubmanager"
)

// rolling finds drift as soon as there is a reason.
type rolling struct {
	provider
	reason *cloudprovider.DriftReason
}

func (r rolling) IsDrifted(context.Context, *v1.NodeClaim) (cloudprovider.DriftReason, error) {
	return *r.reason, nil
}

// DIS-001: what a provider resolved is in the status of the NodeClass, and machines are
// compared with it when it changes, not at the next recheck. Once told, nothing more
// happens until the next change.
func TestStatusOfTheNodeClass(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		w := fixture.New(t, pool(v1.Never), fixture.NodeClaim("a", quiet(time.Now())))
		reason := cloudprovider.DriftReason("")
		controller := conditions.New(conditions.Options{
			Client: w.Client, NodeClasses: w.NodeClasses, Clock: w.Clock, CPUMillis: 1000,
			Provider: rolling{reason: &reason}, Vocabulary: vocabulary.Core(),
			NodeClassObjects: func() []status.Object { return []status.Object{&v1alpha1.TestNodeClass{}} },
		})
		m, err := stubmanager.New(ctx, w.Client.Scheme(), &v1.NodeClaim{}, &v1.NodePool{}, &v1alpha1.TestNodeClass{})
		if err != nil {
			t.Fatal(err)
		}
		if err := controller.Register(ctx, m); err != nil {
			t.Fatal(err)
		}
		ended := make(chan error)
		go func() { ended <- m.Added.Start(ctx) }()
		synctest.Wait()

		informer, err := m.Informer(ctx, &v1alpha1.TestNodeClass{})
		if err != nil {
			t.Fatal(err)
		}
		version := func(version string) *v1alpha1.TestNodeClass {
			return &v1alpha1.TestNodeClass{ObjectMeta: metav1.ObjectMeta{Name: "default", Generation: 1, ResourceVersion: version}}
		}
		for i, next := range []cloudprovider.DriftReason{"AMIDrift", "", "SubnetDrift"} {
			reason = next
			informer.Update(version(string(rune('1'+i))), version(string(rune('2'+i))))
			synctest.Wait()
			if c := drifted(w); (c != nil && c.IsTrue()) != (next != "") {
				t.Errorf("after status %d: %v, want %q", i, c, next)
			}
		}
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}
