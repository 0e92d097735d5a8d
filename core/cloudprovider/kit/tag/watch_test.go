// SPDX-License-Identifier: Apache-2.0

package tag_test

import (
	"context"
	"testing"
	"testing/synctest"

	"github.com/go-logr/logr"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/cache/informertest"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/config"
	"sigs.k8s.io/controller-runtime/pkg/manager"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/cloudprovider/kit/nodeclass"
	"karpenter.sh/core/cloudprovider/kit/tag"
)

// runner is a manager that keeps what is added to it.
type runner struct {
	manager.Manager
	informers *informertest.FakeInformers
	added     manager.Runnable
}

func (*runner) GetControllerOptions() config.Controller {
	return config.Controller{SkipNameValidation: new(true)}
}

func (*runner) GetLogger() logr.Logger       { return logr.Discard() }
func (r *runner) GetScheme() *runtime.Scheme { return r.informers.Scheme }
func (r *runner) GetCache() cache.Cache      { return r.informers }

func (r *runner) Add(added manager.Runnable) error {
	r.added = added
	return nil
}

// KIT-146: what is wanted may follow from the status of the NodeClass alone.
func TestInPlaceAfterStatus(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		c, u := api(t, claim("a")), &updater{}
		controller := tag.NewInPlace(tag.InPlaceOptions{
			Client: c, Kind: nodeclass.Kind{Group: "ours", Kind: "Class"}, NodeClass: &v1.NodePool{}, Updater: u, Annotation: "in-place",
		})
		r := &runner{informers: &informertest.FakeInformers{Scheme: c.Scheme()}}
		if err := controller.Register(ctx, r); err != nil {
			t.Fatal(err)
		}
		// The fake makes informers without a lock, and the watches of a
		// controller start together.
		for _, watched := range []client.Object{&v1.NodeClaim{}, &v1.NodePool{}} {
			if _, err := r.informers.GetInformer(ctx, watched); err != nil {
				t.Fatal(err)
			}
		}
		ended := make(chan error)
		go func() { ended <- r.added.Start(ctx) }()
		synctest.Wait()

		u.hash = "new"
		informer, err := r.informers.FakeInformerFor(ctx, &v1.NodePool{})
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
