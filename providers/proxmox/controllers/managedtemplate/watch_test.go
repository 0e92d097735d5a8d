// SPDX-License-Identifier: Apache-2.0

package managedtemplate_test

import (
	"context"
	"testing"
	"testing/synctest"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/manager"

	"karpenter.sh/core/testkit/stubmanager"
	"karpenter.sh/providers/proxmox/apis/v1alpha1"
	"karpenter.sh/providers/proxmox/controllers/managedtemplate"
	"karpenter.sh/providers/proxmox/controllers/templateimage"
)

// counting counts reads, of which each reconcile makes one.
type counting struct {
	client.Client
	reads int
}

func (c *counting) Get(ctx context.Context, key client.ObjectKey, o client.Object, opts ...client.GetOption) error {
	c.reads++
	return c.Client.Get(ctx, key, o, opts...)
}

// PVE-029: a status, which may have other words after each failure, brings nobody back; a
// spec and the finalizer do.
func TestWatch(t *testing.T) {
	scheme := runtime.NewScheme()
	if err := v1alpha1.AddToScheme(scheme); err != nil {
		t.Fatal(err)
	}
	at := func(generation int64, message string, finalizers ...string) *v1alpha1.ProxmoxTemplate {
		t := &v1alpha1.ProxmoxTemplate{ObjectMeta: metav1.ObjectMeta{Name: "t", Generation: generation, Finalizers: finalizers}}
		t.Status.ImageID = message
		return t
	}
	for name, row := range map[string]struct {
		controller func(client.Client) interface {
			Register(context.Context, manager.Manager) error
		}
		finalizer int // looks after the finalizer has come
	}{
		"status": {func(c client.Client) interface {
			Register(context.Context, manager.Manager) error
		} {
			return managedtemplate.New(managedtemplate.Options{Client: c})
		}, 1},
		"images": {func(c client.Client) interface {
			Register(context.Context, manager.Manager) error
		} {
			return templateimage.New(templateimage.Options{Client: c})
		}, 2},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithCancel(t.Context())
				m, err := stubmanager.New(ctx, scheme, &v1alpha1.ProxmoxTemplate{})
				if err != nil {
					t.Fatal(err)
				}
				api := &counting{Client: fake.NewClientBuilder().WithScheme(scheme).Build()} // it has gone: nothing is done
				if err := row.controller(api).Register(ctx, m); err != nil {
					t.Fatal(err)
				}
				ended := make(chan error)
				go func() { ended <- m.Added.Start(ctx) }()
				synctest.Wait()
				informer, err := m.Informer(ctx, &v1alpha1.ProxmoxTemplate{})
				if err != nil {
					t.Fatal(err)
				}
				expect := func(reason string, looks int) {
					t.Helper()
					synctest.Wait()
					if api.reads != looks {
						t.Errorf("%s: %d looks, want %d", reason, api.reads, looks)
					}
				}
				informer.Add(at(1, ""))
				expect("it comes", 1)
				informer.Update(at(1, ""), at(1, "", v1alpha1.Finalizer))
				expect("its finalizer", row.finalizer)
				informer.Update(at(1, "a", v1alpha1.Finalizer), at(1, "b", v1alpha1.Finalizer))
				expect("its status", row.finalizer)
				informer.Update(at(1, "b", v1alpha1.Finalizer), at(2, "b", v1alpha1.Finalizer))
				expect("its spec", row.finalizer+1)
				record := func(text string) *v1alpha1.ProxmoxTemplate {
					t := at(2, "b", v1alpha1.Finalizer)
					t.Annotations = map[string]string{v1alpha1.AnnotationTemplateImages: text}
					return t
				}
				informer.Update(at(2, "b", v1alpha1.Finalizer), record(`{"uid":"x"}`))
				informer.Update(record(`{"uid":"x"}`), record("{"))
				expect("its record", row.finalizer+1)
				informer.Update(record("{"), record(`{"uid":"x"}`))
				expect("its record is mended", row.finalizer+2)
				cancel()
				if err := <-ended; err != nil {
					t.Error(err)
				}
			})
		})
	}
}
