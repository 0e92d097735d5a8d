// SPDX-License-Identifier: Apache-2.0

package networkplugin_test

import (
	"context"
	"errors"
	"strconv"
	"testing"
	"testing/synctest"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/manager"

	"karpenter.sh/core/testkit/stubmanager"
	"karpenter.sh/providers/aws/controllers/networkplugin"
	"karpenter.sh/providers/aws/network"
)

// daemonSet is one that puts pods into subnets of their own, or not.
func daemonSet(name string, generation int64, custom bool) *appsv1.DaemonSet {
	d := &appsv1.DaemonSet{ObjectMeta: metav1.ObjectMeta{Namespace: "kube-system", Name: name, Generation: generation}}
	d.Spec.Template.Spec.Containers = []corev1.Container{{Name: "aws-node", Env: []corev1.EnvVar{
		{Name: "AWS_VPC_K8S_CNI_CUSTOM_NETWORK_CFG", Value: strconv.FormatBool(custom)},
	}}}
	return d
}

// live is an API server that may be down. It counts the reads.
type live struct {
	client.Client
	reads int
	err   error
}

func (l *live) Get(ctx context.Context, key client.ObjectKey, o client.Object, opts ...client.GetOption) error {
	if l.reads++; l.err != nil {
		return l.err
	}
	return l.Client.Get(ctx, key, o, opts...)
}

func newLive(t *testing.T) (*live, *runtime.Scheme) {
	t.Helper()
	scheme := runtime.NewScheme()
	if err := appsv1.AddToScheme(scheme); err != nil {
		t.Fatal(err)
	}
	return &live{Client: fake.NewClientBuilder().WithScheme(scheme).Build()}, scheme
}

// AWS-432: how the plugin is set up is followed while the process runs: what the cache
// shows is only that it has changed.
func TestFollows(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		api, scheme := newLive(t)
		plugin := network.NewPlugin(false)
		m, err := stubmanager.New(ctx, scheme, &appsv1.DaemonSet{})
		if err != nil {
			t.Fatal(err)
		}
		if err := networkplugin.New(networkplugin.Options{Live: api, Plugin: plugin}).Register(ctx, m); err != nil {
			t.Fatal(err)
		}
		ended := make(chan error)
		go func() { ended <- m.Added.Start(ctx) }()
		synctest.Wait()
		informer, err := m.Informer(ctx, &appsv1.DaemonSet{})
		if err != nil {
			t.Fatal(err)
		}
		expect := func(reason string, takes bool, reads int) {
			t.Helper()
			synctest.Wait()
			if plugin.PodsTakeAddresses() != takes || api.reads != reads {
				t.Errorf("%s: pods take addresses: %t, after %d reads", reason, plugin.PodsTakeAddresses(), api.reads)
			}
		}
		trimmed := func(generation int64) *appsv1.DaemonSet {
			d := daemonSet("aws-node", generation, false)
			d.Spec = appsv1.DaemonSetSpec{}
			return d
		}
		stored := daemonSet("aws-node", 1, false)
		must(t, api.Create(ctx, stored))
		informer.Add(trimmed(1))
		expect("it comes", true, 1)

		stored.Spec = daemonSet("aws-node", 2, true).Spec
		must(t, api.Update(ctx, stored))
		informer.Update(trimmed(1), trimmed(2))
		expect("it is set up anew", false, 2)

		informer.Update(trimmed(2), trimmed(2)) // a status, as every node writes
		informer.Add(daemonSet("other", 1, false))
		expect("nothing of it changes", false, 2)

		stored.Spec = daemonSet("aws-node", 3, false).Spec
		must(t, api.Update(ctx, stored))
		informer.Update(trimmed(2), trimmed(3))
		expect("it is as it was", true, 3)

		must(t, api.Delete(ctx, stored))
		informer.Delete(trimmed(3))
		expect("it goes", false, 4)
		cancel()
		must(t, <-ended)
	})
}

// AWS-432: what was known stays while the API server cannot be asked.
func TestLookFails(t *testing.T) {
	api, _ := newLive(t)
	plugin := network.NewPlugin(false)
	must(t, api.Create(t.Context(), daemonSet("aws-node", 1, false)))
	must(t, networkplugin.Look(t.Context(), api, plugin))
	api.err = errors.New("the API server is down")
	if err := networkplugin.Look(t.Context(), api, plugin); !errors.Is(err, api.err) || !plugin.PodsTakeAddresses() {
		t.Errorf("got %v, %t", err, plugin.PodsTakeAddresses())
	}
}

// AWS-432: a replica that waits to lead follows it too.
func TestStandbys(t *testing.T) {
	api, scheme := newLive(t)
	m, err := stubmanager.New(t.Context(), scheme)
	if err != nil {
		t.Fatal(err)
	}
	must(t, networkplugin.New(networkplugin.Options{Live: api, Plugin: network.NewPlugin(false)}).Register(t.Context(), m))
	if leader, ok := m.Added.(manager.LeaderElectionRunnable); !ok || leader.NeedLeaderElection() {
		t.Errorf("%T waits for the lease", m.Added)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
