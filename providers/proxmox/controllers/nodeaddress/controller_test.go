// SPDX-License-Identifier: Apache-2.0

package nodeaddress_test

import (
	"context"
	"errors"
	"net/netip"
	"testing"
	"testing/synctest"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"

	"karpenter.sh/core/testkit/stubmanager"
	"karpenter.sh/providers/proxmox/controllers/nodeaddress"
	"karpenter.sh/providers/proxmox/network"
)

func must(t *testing.T, errs ...error) {
	t.Helper()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
}

func node(addresses ...string) *corev1.Node {
	n := &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: "n1"}}
	for _, a := range addresses {
		n.Status.Addresses = append(n.Status.Addresses, corev1.NodeAddress{Type: corev1.NodeInternalIP, Address: a})
	}
	return n
}

// PVE-083, PVE-084: what a Node has is not given to machines, and free again without it.
func TestFollows(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		scheme := runtime.NewScheme()
		must(t, corev1.AddToScheme(scheme))
		api := &counting{Client: fake.NewClientBuilder().WithScheme(scheme).Build()}
		book := network.NewBook()
		book.Ready()
		m, err := stubmanager.New(ctx, scheme, &corev1.Node{})
		must(t, err)
		must(t, nodeaddress.New(nodeaddress.Options{Client: api, Book: book}).Register(ctx, m))
		ended := make(chan error)
		go func() { ended <- m.Added.Start(ctx) }()
		synctest.Wait()
		informer, err := m.Informer(ctx, &corev1.Node{})
		must(t, err)
		next := func(reason, want string) {
			t.Helper()
			synctest.Wait()
			given, err := book.Allocate("test", network.Interface{Address4: netip.MustParsePrefix("10.1.0.0/29")}, network.Bridge{})
			must(t, err)
			if got := given.Address4.Addr().String(); got != want {
				t.Errorf("%s: got %s, want %s", reason, got, want)
			}
			book.Release("test")
		}
		next("no Node", "10.1.0.1")
		must(t, api.Create(ctx, node("10.1.0.1", "10.1.0.2")))
		informer.Add(node("10.1.0.1", "10.1.0.2"))
		next("it comes", "10.1.0.3")
		reads := api.reads
		informer.Update(node("10.1.0.1", "10.1.0.2"), node("10.1.0.1", "10.1.0.2"))
		next("its status is written", "10.1.0.3")
		if api.reads != reads {
			t.Error("it is read although no address has changed")
		}
		must(t, api.Delete(ctx, node()), api.Create(ctx, node("10.1.0.1")))
		informer.Update(node("10.1.0.1", "10.1.0.2"), node("10.1.0.1"))
		next("it has another", "10.1.0.2")
		must(t, api.Delete(ctx, node()))
		informer.Delete(node("10.1.0.1"))
		next("it goes", "10.1.0.1")
		cancel()
		must(t, <-ended)
	})
}

// counting counts reads.
type counting struct {
	client.Client
	reads int
}

func (c *counting) Get(ctx context.Context, key client.ObjectKey, o client.Object, opts ...client.GetOption) error {
	c.reads++
	return c.Client.Get(ctx, key, o, opts...)
}
