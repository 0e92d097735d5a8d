// SPDX-License-Identifier: Apache-2.0

package clusterapi_test

import (
	"context"
	"fmt"
	"io"
	"maps"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/types"
	clusterv1 "sigs.k8s.io/cluster-api/api/core/v1beta2"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/test/internal/objects"
	"karpenter.sh/test/machines"
	"karpenter.sh/test/machines/v1alpha1"
)

// Names by the specification, not by the product's constants (CAPI-005).
const (
	labelGroup        = "testing/group"
	annotationMachine = "cluster.x-k8s.io/machine"
	annotationClaim   = "karpenter.cluster.x-k8s.io/nodeclaim"
	annotationPending = "karpenter.cluster.x-k8s.io/machines-pending-deletion"
	annotationMaxSize = "cluster.x-k8s.io/cluster-api-autoscaler-node-group-max-size"
	labelDeployment   = "cluster.x-k8s.io/deployment-name"
	instanceType      = corev1.LabelInstanceTypeStable
)

// calm is how long nothing may happen for a spec to believe that nothing will.
const calm = 10 * time.Second

// change is what makes a MachineDeployment, or its hosts, other than those of [deploy].
type change = func(*clusterv1.MachineDeployment, *v1alpha1.FakeMachineTemplate)

// deploy makes a MachineDeployment without replicas, of hosts with two processors, of
// which pods that ask for one and a half fill one each.
func deploy(ctx context.Context, name string, changes ...change) *clusterv1.MachineDeployment {
	GinkgoHelper()
	deployment, template := ground.Deployment(machines.Group{
		Name: env.Name(name), Price: "0.10", Provisioning: time.Second, Boot: time.Second,
		Labels: map[string]string{corev1.LabelArchStable: "amd64", corev1.LabelOSStable: "linux"},
		Capacity: corev1.ResourceList{
			corev1.ResourceCPU: resource.MustParse("2"), corev1.ResourceMemory: resource.MustParse("8Gi"), corev1.ResourcePods: resource.MustParse("50"),
		},
	})
	for _, o := range []client.Object{deployment, template} {
		labels := map[string]string{labelGroup: group}
		maps.Copy(labels, o.GetLabels())
		o.SetLabels(labels)
	}
	for _, apply := range changes {
		apply(deployment, template)
	}
	Expect(management.Create(ctx, template)).To(Succeed())
	Expect(management.Create(ctx, deployment)).To(Succeed())
	return deployment
}

// annotated gives a MachineDeployment an annotation; an empty value takes it away.
func annotated(key, value string) change {
	return func(d *clusterv1.MachineDeployment, _ *v1alpha1.FakeMachineTemplate) {
		if value == "" {
			delete(d.Annotations, key)
			return
		}
		d.Annotations[key] = value
	}
}

// hosts changes what the hosts of a MachineDeployment are.
func hosts(set func(*v1alpha1.FakeMachineSpec)) change {
	return func(_ *clusterv1.MachineDeployment, t *v1alpha1.FakeMachineTemplate) { set(&t.Spec.Template.Spec) }
}

// faulty lets the hosts of a MachineDeployment go wrong.
func faulty(f v1alpha1.Fault) change {
	return hosts(func(s *v1alpha1.FakeMachineSpec) { s.Fault = f })
}

// filling is a workload whose pods fill a host each.
func filling(replicas int32) objects.Workload {
	return objects.Workload{Name: env.Name("work"), Replicas: replicas, CPU: "1500m"}
}

// current is a MachineDeployment as it is now.
func current(ctx context.Context, d *clusterv1.MachineDeployment) *clusterv1.MachineDeployment {
	GinkgoHelper()
	now := &clusterv1.MachineDeployment{}
	Expect(management.Get(ctx, client.ObjectKeyFromObject(d), now)).To(Succeed())
	return now
}

func replicas(ctx context.Context, d *clusterv1.MachineDeployment) int {
	GinkgoHelper()
	return int(*current(ctx, d).Spec.Replicas)
}

// setReplicas scales a MachineDeployment by hand.
func setReplicas(ctx context.Context, d *clusterv1.MachineDeployment, count int) {
	GinkgoHelper()
	merge(ctx, d, fmt.Sprintf(`{"spec":{"replicas":%d}}`, count))
}

// merge applies a JSON merge patch to an object of the management cluster.
func merge(ctx context.Context, o client.Object, patch string) {
	GinkgoHelper()
	Expect(management.Patch(ctx, o, client.RawPatch(types.MergePatchType, []byte(patch)))).To(Succeed())
}

// machinesOf are the Machines of a MachineDeployment, those on their way out included.
func machinesOf(ctx context.Context, d *clusterv1.MachineDeployment) []clusterv1.Machine {
	GinkgoHelper()
	var list clusterv1.MachineList
	Expect(management.List(ctx, &list, client.InNamespace(d.Namespace), client.MatchingLabels{labelDeployment: d.Name})).To(Succeed())
	return list.Items
}

// machineOf is the Machine that a NodeClaim names.
func machineOf(ctx context.Context, claim *v1.NodeClaim) *clusterv1.Machine {
	GinkgoHelper()
	machine := &clusterv1.Machine{}
	name := claim.Annotations[annotationMachine]
	Expect(name).To(HavePrefix(ground.Namespace+"/"), "the Machine of NodeClaim %s", claim.Name)
	Expect(management.Get(ctx, types.NamespacedName{Namespace: ground.Namespace, Name: name[len(ground.Namespace)+1:]}, machine)).To(Succeed())
	return machine
}

// eventuallyBacked waits until a MachineDeployment has as many Machines as replicas, none
// of them on its way out, and as many as is said.
func eventuallyBacked(ctx context.Context, d *clusterv1.MachineDeployment, count int) {
	GinkgoHelper()
	eventuallyBackedWithin(ctx, 3*time.Minute, d, count)
}

// collected is when whatever nobody has is gone, of what is looked for every two minutes.
const collected = 5 * time.Minute

func eventuallyBackedWithin(ctx context.Context, limit time.Duration, d *clusterv1.MachineDeployment, count int) {
	GinkgoHelper()
	env.EventuallyWithin(ctx, limit, func(g Gomega) {
		g.Expect(replicas(ctx, d)).To(Equal(count), "replicas of %s", d.Name)
		all := machinesOf(ctx, d)
		g.Expect(all).To(HaveLen(count), "Machines of %s", d.Name)
		for i := range all {
			g.Expect(all[i].DeletionTimestamp).To(BeNil(), "Machine %s", all[i].Name)
		}
	})
}

// expectBound checks that each NodeClaim of a pool has a Machine of its own, that both say
// so, and that its Node bears the name that Cluster API gives it (CAPI-005, CAPI-040).
func expectBound(ctx context.Context, pool *v1.NodePool) {
	GinkgoHelper()
	owners := map[string]string{}
	for _, claim := range env.Claims(ctx, pool) {
		machine := machineOf(ctx, &claim)
		Expect(owners).NotTo(HaveKey(machine.Name), "one Machine for two NodeClaims")
		owners[machine.Name] = claim.Name
		Expect(machine.Annotations).To(HaveKeyWithValue(annotationClaim, claim.Name+"/"+string(claim.UID)))
		Expect(machine.Labels).To(HaveKey(machines.LabelMember))
		Expect(machine.Spec.ProviderID).To(Equal(claim.Status.ProviderID))
		Expect(machine.Status.NodeRef.Name).To(Equal(claim.Status.NodeName))
	}
	for _, node := range env.Nodes(ctx, pool) {
		Expect(node.Annotations).To(HaveKeyWithValue(annotationMachine, node.Name), "the bare name of the Machine")
		Expect(owners).To(HaveKey(node.Name))
	}
}

// restart starts the controller anew, with other settings.
func restart(ctx context.Context, settings ...string) {
	GinkgoHelper()
	if !env.Karpenter.Local() {
		Skip("the controller is not a process on this machine")
	}
	Expect(env.Karpenter.Start(ctx, settings...)).To(Succeed())
	env.Restarted(ctx)
}

// ofGroup selects what a spec has made in the management cluster.
func ofGroup() []client.ListOption {
	return []client.ListOption{client.InNamespace(ground.Namespace), client.MatchingLabels{labelGroup: group}}
}

// removeGroup deletes the MachineDeployments of a spec, and waits for their Machines to go.
func removeGroup(ctx context.Context) {
	GinkgoHelper()
	var list clusterv1.MachineDeploymentList
	Expect(management.List(ctx, &list, ofGroup()...)).To(Succeed())
	for i := range list.Items {
		d := &list.Items[i]
		Expect(management.Delete(ctx, d)).To(Succeed())
	}
	env.Eventually(ctx, func(g Gomega) {
		for i := range list.Items {
			g.Expect(machinesOf(ctx, &list.Items[i])).To(BeEmpty(), "Machines of %s", list.Items[i].Name)
		}
	})
	Expect(management.DeleteAllOf(ctx, &v1alpha1.FakeMachineTemplate{}, client.InNamespace(ground.Namespace), client.MatchingLabels{labelGroup: group})).To(Succeed())
}

// explainGroup tells what became of a spec's MachineDeployments.
func explainGroup(ctx context.Context, out io.Writer) {
	var list clusterv1.MachineDeploymentList
	if err := management.List(ctx, &list, ofGroup()...); err != nil {
		fmt.Fprintln(out, "MachineDeployments:", err)
		return
	}
	for i := range list.Items {
		d := &list.Items[i]
		fmt.Fprintf(out, "MachineDeployment %s: %d replicas wanted, %v there, annotations %v\n", d.Name, *d.Spec.Replicas, d.Status.Replicas, d.Annotations)
		var all clusterv1.MachineList
		if err := management.List(ctx, &all, client.InNamespace(d.Namespace), client.MatchingLabels{labelDeployment: d.Name}); err != nil {
			fmt.Fprintln(out, "  Machines:", err)
		}
		for j := range all.Items {
			m := &all.Items[j]
			fmt.Fprintf(out, "  Machine %s: phase %s, provider ID %q, deleted %v, annotations %v\n", m.Name, m.Status.Phase, m.Spec.ProviderID, m.DeletionTimestamp, m.Annotations)
		}
	}
}
