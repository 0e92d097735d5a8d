// SPDX-License-Identifier: Apache-2.0

package tag_test

import (
	"context"
	"testing"
	"testing/synctest"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/cloudprovider/kit/nodeclass"
	"karpenter.sh/core/cloudprovider/kit/tag"
	"karpenter.sh/core/testkit/stubmanager"
)

// KIT-146: what is wanted may follow from the status of the NodeClass alone.
func TestInPlaceAfterStatus(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		c, u := api(t, claim("a")), &updater{}
		controller := tag.NewInPlace(tag.InPlaceOptions{
			Client: c, Kind: nodeclass.Kind{Group: "ours", Kind: "Class"}, NodeClass: &v1.NodePool{}, Updater: u, Annotation: "in-place",
		})
		r, err := stubmanager.New(ctx, c.Scheme(), &v1.NodeClaim{}, &v1.NodePool{})
		if err != nil {
			t.Fatal(err)
		}
		if err := controller.Register(ctx, r); err != nil {
			t.Fatal(err)
		}
		ended := make(chan error)
		go func() { ended <- r.Added.Start(ctx) }()
		synctest.Wait()

		u.hash = "new"
		informer, err := r.Informer(ctx, &v1.NodePool{})
		if err != nil {
			t.Fatal(err)
		}
		version := func(version string) *v1.NodePool {
			return &v1.NodePool{ObjectMeta: metav1.ObjectMeta{Name: "default", Generation: 1, ResourceVersion: version}}
		}
		informer.Update(version("1"), version("2"))
		synctest.Wait()
		if len(u.updated) != 1 {
			t.Errorf("updated %v", u.updated)
		}
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}
