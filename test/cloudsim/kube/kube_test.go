// SPDX-License-Identifier: Apache-2.0

package kube_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"karpenter.sh/test/cloudsim/join"
	"karpenter.sh/test/cloudsim/kube"
	"karpenter.sh/test/cloudsim/world"
)

const userData = `apiVersion: node.eks.aws/v1alpha1
kind: NodeConfig
spec:
  cluster: {name: c1, apiServerEndpoint: "https://a", certificateAuthority: Y2E=, cidr: 10.0.0.0/16}
  kubelet:
    config:
      registerWithTaints: [{key: karpenter.sh/unregistered, effect: NoExecute}, {key: start, value: up, effect: NoSchedule}]
`

func machine(id, config string) join.Machine {
	return join.Machine{
		ID: id, NodeName: "ip-10-0-0-4.internal", ProviderID: "aws:///z1/" + id, Region: "r1", Zone: "z1", Type: "m5.large",
		Architecture: "amd64", Address: "10.0.0.4", CPU: 2, Memory: 8192, Disk: 20, DefaultMaxPods: 29,
		Extended: map[string]int{"nvidia.com/gpu": 1}, UserData: []byte(userData + config),
	}
}

func boot(t *testing.T, m join.Machine) join.Node {
	t.Helper()
	n, err := join.Nodeadm{}.Boot(m)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// SIM-066: labels, taints and identity.
func TestNodeOf(t *testing.T) {
	n := boot(t, machine("i-1", "    flags: ['--node-labels=\"team=a,topology.kubernetes.io/zone=lie,kubernetes.io/hostname=h\"']\n"))
	node, err := kube.NodeOf(n, map[string]string{"kwok-partition": "a"})
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{
		"kubernetes.io/hostname": "h", "kubernetes.io/os": "linux", "kubernetes.io/arch": "amd64", "team": "a",
		"node.kubernetes.io/instance-type": "m5.large", "topology.kubernetes.io/zone": "z1", "topology.kubernetes.io/region": "r1",
		"beta.kubernetes.io/instance-type": "m5.large", "failure-domain.beta.kubernetes.io/zone": "z1", "failure-domain.beta.kubernetes.io/region": "r1",
		"beta.kubernetes.io/os": "linux", "beta.kubernetes.io/arch": "amd64", "kwok-partition": "a",
	}
	if fmt.Sprint(node.Labels) != fmt.Sprint(want) {
		t.Errorf("labels %v, want %v", node.Labels, want)
	}
	if got := fmt.Sprint(node.Spec.Taints); got != "[{karpenter.sh/unregistered  NoExecute <nil>} {start up NoSchedule <nil>}]" {
		t.Errorf("taints %s", got)
	}
	if node.Name != n.Machine.NodeName || node.Spec.ProviderID != "aws:///z1/i-1" || node.Annotations["kwok.x-k8s.io/node"] != "fake" || len(node.Status.Conditions) != 0 {
		t.Errorf("node %+v", node)
	}
}

// SIM-066: what the kubelet reports, by its settings.
func TestResources(t *testing.T) {
	const zeroes = "kubeReserved: {cpu: '0', memory: '0', ephemeral-storage: '0'}"
	tests := []struct {
		reason, config string
		bottlerocket   bool
		want           string // cpu memory ephemeral-storage pods
	}{
		// 7,680 Mi − 255 Mi − 29 × 11 Mi − 100 Mi; 20 Gi − 1 Gi − 2 Gi
		{"the image's defaults", "", false, "1930m 7006Mi 17Gi 29"},
		{"less pods do not change AL2023's memory", "maxPods: 10", false, "1930m 7006Mi 17Gi 10"},
		{"but Bottlerocket's", "max-pods = 10", true, "1930m 7215Mi 17Gi 10"},
		{"pods per core", "podsPerCore: 4", false, "1930m 7006Mi 17Gi 8"},
		{"reserved", zeroes + "\n      systemReserved: {cpu: 500m, memory: 80Mi}", false, "1500m 7500Mi 18Gi 29"},
		{"eviction by share", zeroes + "\n      evictionHard: {memory.available: 5%, nodefs.available: 100%}", false, "2 7296Mi 20Gi 29"},
		{"soft eviction does not count", "evictionSoft: {memory.available: 50%}", false, "1930m 7006Mi 17Gi 29"},
		{"more than there is", "systemReserved: {memory: 1Ti}", false, "1930m 0 17Gi 29"},
	}
	for _, tc := range tests {
		t.Run(tc.reason, func(t *testing.T) {
			var n join.Node
			if tc.bottlerocket {
				m := machine("i-1", "")
				m.UserData = []byte("[settings.kubernetes]\ncluster-name = \"c1\"\napi-server = \"https://a\"\ncluster-certificate = \"Y2E=\"\n" + tc.config)
				var err error
				if n, err = (join.Bottlerocket{}).Boot(m); err != nil {
					t.Fatal(err)
				}
			} else {
				n = boot(t, machine("i-1", "      "+tc.config+"\n"))
			}
			node, err := kube.NodeOf(n, nil)
			if err != nil {
				t.Fatal(err)
			}
			a, c := node.Status.Allocatable, node.Status.Capacity
			if got := fmt.Sprintf("%s %s %s %s", a.Cpu(), a.Memory(), a.StorageEphemeral(), a.Pods()); got != tc.want {
				t.Errorf("allocatable %s, want %s", got, tc.want)
			}
			if got := fmt.Sprintf("%s %s %s", c.Cpu(), c.Memory(), c.StorageEphemeral()); got != "2 7680Mi 20Gi" {
				t.Errorf("capacity %s", got)
			}
			if q := a["nvidia.com/gpu"]; q.Value() != 1 {
				t.Errorf("devices %v", a)
			}
		})
	}
	for _, bad := range []string{"kubeReserved: {cpu: lots}", "systemReserved: {memory: '-1'}", "evictionHard: {memory.available: 101%}", "evictionHard: {nodefs.available: some}"} {
		if _, err := kube.NodeOf(boot(t, machine("i-1", "      "+bad+"\n")), nil); err == nil || !strings.Contains(err.Error(), "is no") {
			t.Errorf("%s: %v", bad, err)
		}
	}
}

// cluster is a cluster in which a joiner runs until the test ends.
type cluster struct {
	*testing.T
	client.Client
	*kube.Joiner
}

const grace = 45 * time.Second

func newCluster(t *testing.T, wrap interceptor.Funcs) cluster {
	n := 0
	create := wrap.Create
	wrap.Create = func(ctx context.Context, c client.WithWatch, o client.Object, opts ...client.CreateOption) error {
		n++
		o.SetUID(types.UID(fmt.Sprintf("uid-%d", n)))
		if create != nil {
			return create(ctx, c, o, opts...)
		}
		return c.Create(ctx, o, opts...)
	}
	built := fake.NewClientBuilder().WithScheme(clientgoscheme.Scheme).WithInterceptorFuncs(wrap).Build()
	j := kube.New(built, kube.Options{Labels: map[string]string{"kwok-partition": "a"}, Grace: grace})
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); j.Run(ctx) }()
	t.Cleanup(func() { cancel(); <-done })
	return cluster{t, built, j}
}

// node is the Node as it is; nil: there is none.
func (c cluster) node() *corev1.Node {
	c.Helper()
	node := &corev1.Node{}
	err := c.Get(context.Background(), client.ObjectKey{Name: "ip-10-0-0-4.internal"}, node)
	if apierrors.IsNotFound(err) {
		return nil
	}
	if err != nil {
		c.Fatal(err)
	}
	return node
}

func (c cluster) join(m join.Machine) {
	c.Helper()
	if err := c.Join(context.Background(), boot(c.T, m)); err != nil {
		c.Fatal(err)
	}
}

func managed(node *corev1.Node) bool {
	return node.Annotations["kwok.x-k8s.io/node"] == "fake" && node.Labels["kwok-partition"] == "a"
}

// SIM-067: a Node's life, and what is repeated.
func TestJoiner(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, m := newCluster(t, interceptor.Funcs{}), machine("i-1", "")
		c.join(m)
		c.join(m)
		synctest.Wait()
		node := c.node()
		if node == nil || !managed(node) || node.Status.Allocatable.Pods().Value() != 29 {
			t.Fatalf("node %+v", node)
		}
		must(t, c.Silence(context.Background(), m))
		synctest.Wait()
		if node = c.node(); node == nil || managed(node) || node.Labels["topology.kubernetes.io/zone"] != "z1" {
			t.Errorf("silent: %+v", node)
		}
		must(t, c.Leave(context.Background(), m))
		time.Sleep(grace - time.Second)
		must(t, c.Leave(context.Background(), m)) // does not begin the grace again
		if c.node() == nil {
			t.Error("the Node went before its grace was over")
		}
		time.Sleep(time.Second)
		synctest.Wait()
		if node = c.node(); node != nil || c.Open() != 0 {
			t.Errorf("node %+v, %d entries", node, c.Open())
		}
		must(t, c.Leave(context.Background(), m)) // nothing to be done
	})
}

// SIM-067: what fails is tried again, and whoever asks is told why.
func TestRetries(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fail, lose := 3, 1
		c := newCluster(t, interceptor.Funcs{Create: func(ctx context.Context, c client.WithWatch, o client.Object, opts ...client.CreateOption) error {
			if fail--; fail >= 0 {
				return errors.New("full")
			}
			err := c.Create(ctx, o, opts...)
			if lose--; lose >= 0 {
				return errors.New("answer lost")
			}
			return err
		}})
		m := machine("i-1", "")
		c.join(m)
		synctest.Wait()
		if err := c.Trouble("i-1"); err == nil || !strings.Contains(err.Error(), "create node ip-10-0-0-4.internal: full") {
			t.Errorf("trouble %v", err)
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		if c.node() == nil || c.Trouble("i-1") != nil {
			t.Errorf("node %v, trouble %v", c.node(), c.Trouble("i-1"))
		}
		must(t, c.Leave(context.Background(), m))
		time.Sleep(time.Minute)
		synctest.Wait()
		if c.node() != nil {
			t.Error("a Node whose creation seemed to fail stays")
		}
	})
}

// SIM-067: Nodes of others stay as they are.
func TestNodesOfOthers(t *testing.T) {
	other := func(id string) *corev1.Node {
		return &corev1.Node{
			ObjectMeta: metav1.ObjectMeta{Name: "ip-10-0-0-4.internal", Labels: map[string]string{"kwok-partition": "a"}, Annotations: map[string]string{"kwok.x-k8s.io/node": "fake"}},
			Spec:       corev1.NodeSpec{ProviderID: "aws:///z1/" + id},
		}
	}
	ctx := context.Background()
	t.Run("of another machine, which had the address before", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			c, m := newCluster(t, interceptor.Funcs{}), machine("i-1", "")
			before := other("i-0")
			must(t, c.Create(ctx, before))
			c.join(m)
			synctest.Wait()
			if node := c.node(); node.UID != before.UID || c.Trouble("i-1") == nil {
				t.Errorf("node %+v, trouble %v", node, c.Trouble("i-1"))
			}
			must(t, c.Delete(ctx, before))
			time.Sleep(time.Minute)
			if node := c.node(); node == nil || node.Spec.ProviderID != m.ProviderID {
				t.Errorf("node %+v", node)
			}
		})
	})
	for reason, id := range map[string]string{"the next machine's": "i-2", "the same machine's, but another object": "i-1"} {
		t.Run(reason, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c, m := newCluster(t, interceptor.Funcs{}), machine("i-1", "")
				c.join(m)
				synctest.Wait()
				must(t, c.Delete(ctx, c.node()))
				must(t, c.Create(ctx, other(id)))
				must(t, c.Leave(ctx, m))
				time.Sleep(time.Minute)
				synctest.Wait()
				if node := c.node(); node == nil || !managed(node) || c.Open() != 0 {
					t.Errorf("node %+v, %d entries", node, c.Open())
				}
			})
		})
	}
	t.Run("deleted while the machine runs: it is not written again", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			c, m := newCluster(t, interceptor.Funcs{}), machine("i-1", "")
			c.join(m)
			synctest.Wait()
			must(t, c.Delete(ctx, c.node()))
			c.join(m)
			time.Sleep(time.Minute)
			if c.node() != nil {
				t.Error("it came back")
			}
		})
	})
}

// SIM-068: whoever makes things happen does not wait for the cluster, and lost hosts
// differ from ended ones.
func TestYard(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hang := make(chan struct{})
		c := newCluster(t, interceptor.Funcs{Create: func(ctx context.Context, c client.WithWatch, o client.Object, opts ...client.CreateOption) error {
			<-hang
			return c.Create(ctx, o, opts...)
		}})
		agenda := world.NewAgenda()
		y := join.NewYard(agenda, c.Joiner, time.Minute)
		y.Boot(machine("i-0", ""), join.Nodeadm{}, time.Now())
		must(t, y.Lose("i-0"))
		agenda.Run(time.Now().Add(time.Hour))
		if len(y.Outcomes()) != 0 || c.Open() != 0 {
			t.Errorf("lost before it had booted: %v", y.Outcomes())
		}
		y.Delay(0)
		y.Boot(machine("i-1", ""), join.Nodeadm{}, time.Now())
		y.Boot(machine("i-2", "      kubeReserved: {cpu: lots}\n"), join.Nodeadm{}, time.Now())
		agenda.Run(time.Now()) // would never end
		if o, _ := y.Outcome("i-1"); o.Node == nil {
			t.Errorf("outcome %+v", o)
		}
		if o, _ := y.Outcome("i-2"); o.Node != nil || !strings.Contains(o.Reason, "lots") {
			t.Errorf("outcome %+v", o)
		}
		synctest.Wait() // the Node is being written
		close(hang)
		must(t, y.Lose("i-1"))
		time.Sleep(time.Hour)
		if node := c.node(); node == nil || managed(node) {
			t.Errorf("a lost machine's node: %+v", node)
		}
		must(t, y.End("i-1"))
		time.Sleep(time.Minute)
		if node := c.node(); node != nil {
			t.Errorf("an ended machine's node: %+v", node)
		}
	})
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
