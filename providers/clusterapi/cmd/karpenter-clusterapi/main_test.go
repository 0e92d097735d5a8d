// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/envtest"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/testkit/binary"
	"karpenter.sh/core/testkit/testserver"
	"karpenter.sh/providers/clusterapi/apis/crds"
	"karpenter.sh/providers/clusterapi/apis/v1alpha1"
	"karpenter.sh/providers/clusterapi/capi"
	"karpenter.sh/providers/clusterapi/instancetype"
	"karpenter.sh/providers/clusterapi/internal/simcapi"
)

// workload is the cluster of the pods.
type workload struct {
	client.Client
	t      *testing.T
	server *envtest.Environment
}

func newWorkload(t *testing.T) *workload {
	t.Helper()
	definitions, err := crds.All()
	if err != nil {
		t.Fatal(err)
	}
	server := testserver.Start(t, definitions...)
	api := testserver.Client(t, server.Config, corev1.AddToScheme, v1.AddToScheme, v1alpha1.AddToScheme)
	return &workload{Client: api, t: t, server: server}
}

func (w *workload) create(objects ...client.Object) {
	w.t.Helper()
	for _, o := range objects {
		if err := w.Create(w.t.Context(), o); err != nil {
			w.t.Fatal(err)
		}
	}
}

// pool creates a NodeClass of all deployments, and a NodePool that buys of them.
func (w *workload) pool() {
	w.t.Helper()
	pool := &v1.NodePool{ObjectMeta: metav1.ObjectMeta{Name: "default"}}
	pool.Spec.Template.Spec.NodeClassRef = v1.NodeClassReference{Group: v1alpha1.Group, Kind: v1alpha1.Kind, Name: "default"}
	pool.Spec.Template.Spec.Requirements = []v1.NodeSelectorRequirementWithMinValues{}
	w.create(&v1alpha1.ClusterAPINodeClass{ObjectMeta: metav1.ObjectMeta{Name: "default"}}, pool)
}

// pod creates one that no Node has room for.
func (w *workload) pod(name string) *corev1.Pod {
	w.t.Helper()
	pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: name}}
	pod.Spec.Containers = []corev1.Container{{
		Name: "c", Image: "i",
		Resources: corev1.ResourceRequirements{Requests: corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("3")}},
	}}
	w.create(pod)
	made := pod.DeepCopy()
	pod.Status.Conditions = []corev1.PodCondition{{Type: corev1.PodScheduled, Status: corev1.ConditionFalse, Reason: corev1.PodReasonUnschedulable}}
	if err := w.Status().Patch(w.t.Context(), pod, client.MergeFrom(made)); err != nil {
		w.t.Fatal(err)
	}
	return pod
}

// nodeClaims waits until as many there are as are wanted and all are as they should be.
func (w *workload) nodeClaims(wanted int, wrong func(*v1.NodeClaim) string) []v1.NodeClaim {
	w.t.Helper()
	var list v1.NodeClaimList
	binary.Eventually(w.t, 60*time.Second, func() string {
		if err := w.List(w.t.Context(), &list); err != nil {
			return err.Error()
		}
		if len(list.Items) != wanted {
			return fmt.Sprintf("there are %d NodeClaims, not %d", len(list.Items), wanted)
		}
		for i := range list.Items {
			if text := wrong(&list.Items[i]); text != "" {
				return fmt.Sprintf("NodeClaim %s: %s: %+v", list.Items[i].Name, text, list.Items[i].Status)
			}
		}
		return ""
	})
	return list.Items
}

func is(conditionType string) func(*v1.NodeClaim) string {
	return func(nodeClaim *v1.NodeClaim) string {
		if !nodeClaim.StatusConditions().Get(conditionType).IsTrue() {
			return "not " + conditionType
		}
		return ""
	}
}

// node lets the Node of a NodeClaim join, as a kubelet and Cluster API do.
func (w *workload) node(nodeClaim *v1.NodeClaim, machine string) *corev1.Node {
	w.t.Helper()
	node := &corev1.Node{ObjectMeta: metav1.ObjectMeta{
		Name: machine, Annotations: map[string]string{v1alpha1.AnnotationMachine: machine},
		Labels: map[string]string{corev1.LabelHostname: machine},
	}}
	node.Spec.ProviderID = nodeClaim.Status.ProviderID
	node.Spec.Taints = []corev1.Taint{v1.UnregisteredTaint()}
	w.create(node)
	joined := node.DeepCopy() // others write too
	node.Status.Capacity, node.Status.Allocatable = nodeClaim.Status.Capacity, nodeClaim.Status.Allocatable
	node.Status.Conditions = []corev1.NodeCondition{{Type: corev1.NodeReady, Status: corev1.ConditionTrue}}
	if err := w.Status().Patch(w.t.Context(), node, client.MergeFrom(joined)); err != nil {
		w.t.Fatal(err)
	}
	return node
}

// newManagement lets the controllers of Cluster API work on a server, all the time.
func newManagement(t *testing.T, server *envtest.Environment, version string) *simcapi.Cluster {
	t.Helper()
	install(t, server, version)
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{corev1.AddToScheme, capi.AddToScheme(version)} {
		if err := add(scheme); err != nil {
			t.Fatal(err)
		}
	}
	api, err := client.NewWithWatch(server.Config, client.Options{Scheme: scheme})
	if err != nil {
		t.Fatal(err)
	}
	if err := api.Create(t.Context(), &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: simcapi.Namespace}}); err != nil {
		t.Fatal(err)
	}
	management := simcapi.On(t, api, clock.RealClock{})
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		for ctx.Err() == nil {
			management.Work()
			time.Sleep(100 * time.Millisecond)
		}
	}()
	t.Cleanup(func() { cancel(); <-done })
	return management
}

func install(t *testing.T, server *envtest.Environment, version string) {
	t.Helper()
	if _, err := envtest.InstallCRDs(server.Config, envtest.CRDInstallOptions{CRDs: simcapi.Definitions(version)}); err != nil {
		t.Fatal(err)
	}
}

// deployment adds one whose Machines have 4 CPUs.
func deployment(management *simcapi.Cluster) types.NamespacedName {
	return management.Deployment("md", 0, func(d *capi.MachineDeployment) {
		d.Annotations[instancetype.AnnotationCPU], d.Annotations[instancetype.AnnotationMemory] = "4", "16Gi"
	})
}

// CAPI-008, CAPI-009, CAPI-045, CAPI-121: two clusters, the management cluster without
// Cluster API at first, and then in the older version; and a process that dies when its
// Machine has no provider ID yet.
func TestApart(t *testing.T) {
	t.Parallel()
	w, server := newWorkload(t), testserver.Start(t)
	settings := "CLUSTER_API_KUBECONFIG=" + kubeconfig(t, server)
	first := run(t, w.server, settings)
	first.Answers(t, "/healthz", http.StatusOK)
	first.Answers(t, "/readyz/management-cluster", http.StatusServiceUnavailable)
	w.pool()
	binary.Eventually(t, 30*time.Second, func() string { return says(w, "ManagementClusterUnavailable") })

	management := newManagement(t, server, "v1beta1")
	md := deployment(management)
	ends(t, first, 30*time.Second, "the next start speaks v1beta1")

	second := run(t, w.server, settings)
	second.Answers(t, "/readyz", http.StatusOK)
	management.Slow()
	pod := w.pod("pod")
	bound := w.nodeClaims(1, func(nodeClaim *v1.NodeClaim) string {
		if nodeClaim.Annotations[v1alpha1.AnnotationMachine] == "" {
			return "it names no Machine"
		}
		return ""
	})
	second.Kill(t)
	management.Provision()

	third := run(t, w.server, settings)
	launched := w.nodeClaims(1, is(v1.ConditionTypeLaunched))[0]
	machines := management.Machines(md)
	if len(machines) != 1 || management.Get(md).Replicas() != 1 || launched.UID != bound[0].UID || launched.Status.ProviderID != machines[0].Spec.ProviderID {
		t.Fatalf("%d Machines for %d replicas; NodeClaim %s has %q", len(machines), management.Get(md).Replicas(), launched.Name, launched.Status.ProviderID)
	}
	registers(t, w, &launched, machines[0].Name)
	nothingIsLeft(t, w, pod, &launched, func() string {
		management.LetGo()
		if left := len(management.Machines(md)); left > 0 || management.Get(md).Replicas() != 0 {
			return fmt.Sprintf("%d Machines are left, for %d replicas", left, management.Get(md).Replicas())
		}
		return ""
	})
	third.Answers(t, "/readyz", http.StatusOK)
}

// CAPI-005: what Cluster API wrote on the Node stays.
func registers(t *testing.T, w *workload, nodeClaim *v1.NodeClaim, machine string) {
	t.Helper()
	node := w.node(nodeClaim, machine)
	w.nodeClaims(1, is(v1.ConditionTypeRegistered))
	if err := w.Get(t.Context(), client.ObjectKeyFromObject(node), node); err != nil {
		t.Fatal(err)
	}
	if got := node.Annotations[v1alpha1.AnnotationMachine]; got != machine {
		t.Errorf("the Node says that its Machine is %q, not %q", got, machine)
	}
}

// nothingIsLeft deletes a pod and its NodeClaim, and waits until nothing is left.
func nothingIsLeft(t *testing.T, w *workload, pod *corev1.Pod, nodeClaim *v1.NodeClaim, left func() string) {
	t.Helper()
	for _, o := range []client.Object{pod, nodeClaim} {
		if err := client.IgnoreNotFound(w.Delete(t.Context(), o)); err != nil {
			t.Fatal(err)
		}
	}
	binary.Eventually(t, 60*time.Second, func() string {
		if text := left(); text != "" {
			return text
		}
		if err := w.Get(t.Context(), client.ObjectKeyFromObject(nodeClaim), nodeClaim); !apierrors.IsNotFound(err) {
			return fmt.Sprintf("the NodeClaim is still there: %v", err)
		}
		return ""
	})
}

// CAPI-003, CAPI-008, CAPI-121: one cluster for both, which needs no settings.
func TestJoined(t *testing.T) {
	t.Parallel()
	w := newWorkload(t)
	management := newManagement(t, w.server, "v1beta2")
	md := deployment(management)
	p := run(t, w.server)
	p.Answers(t, "/readyz", http.StatusOK)
	w.pool()
	binary.Eventually(t, 30*time.Second, func() string { return says(w, "MachineDeploymentsReady") })
	w.pod("pod")
	w.nodeClaims(1, is(v1.ConditionTypeLaunched))
	if n := len(management.Machines(md)); n != 1 {
		t.Errorf("%d Machines", n)
	}
	p.Kill(t)
	refused(t, w)
}

// CAPI-008, CP-349: a token that is refused is told nowhere.
func refused(t *testing.T, w *workload) {
	t.Helper()
	const token = "bm90LWEtdG9rZW4"
	p := run(t, w.server, "CLUSTER_API_URL="+w.server.Config.Host, "CLUSTER_API_TOKEN="+token,
		"CLUSTER_API_CERTIFICATE_AUTHORITY_DATA="+string(w.server.Config.CAData), "LOG_LEVEL=debug")
	p.Answers(t, "/readyz/management-cluster", http.StatusServiceUnavailable)
	binary.Eventually(t, 30*time.Second, func() string { return says(w, "ManagementClusterUnavailable") })
	nodeClass := &v1alpha1.ClusterAPINodeClass{}
	if err := w.Get(t.Context(), types.NamespacedName{Name: "default"}, nodeClass); err != nil {
		t.Fatal(err)
	}
	message := nodeClass.StatusConditions().Get(v1alpha1.ConditionMachineDeploymentsReady).Message
	if !strings.Contains(message, "provide credentials") && !strings.Contains(message, "nauthorized") {
		t.Errorf("the NodeClass says %q", message)
	}
	if strings.Contains(p.Printed(), token) || strings.Contains(message, token) {
		t.Errorf("the token is told; the NodeClass says %q", message)
	}
}

// says returns what the NodeClass says in place of a reason.
func says(w *workload, reason string) string {
	nodeClass := &v1alpha1.ClusterAPINodeClass{}
	if err := w.Get(w.t.Context(), types.NamespacedName{Name: "default"}, nodeClass); err != nil {
		return err.Error()
	}
	c := nodeClass.StatusConditions().Get(v1alpha1.ConditionMachineDeploymentsReady)
	ready := nodeClass.StatusConditions().Root()
	if c == nil || c.Reason != reason || ready.Status != c.Status {
		return fmt.Sprintf("%s is %+v, Ready is %+v", v1alpha1.ConditionMachineDeploymentsReady, c, ready)
	}
	return ""
}
