// SPDX-License-Identifier: Apache-2.0

package wiring_test

import (
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	karpv1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/providers/aws/controllers/networkplugin"
)

// AWS-432: whether pods need addresses of a machine's subnet is known anew when the
// network plugin is set up differently: subnets with one address each have room for
// machines without pods of theirs only.
func TestNetworkPluginChanges(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, subnet := range w.Setup.Subnets {
		w.must(w.Cloud.BlockAddresses(subnet.ID, 1))
	}
	w.Step(2 * time.Minute)
	w.resolve()
	plugin := &appsv1.DaemonSet{ObjectMeta: metav1.ObjectMeta{Namespace: "kube-system", Name: "aws-node"}}
	custom := func(value string) {
		plugin.Spec.Template.Spec.Containers = []corev1.Container{{Name: "aws-node", Env: []corev1.EnvVar{
			{Name: "AWS_VPC_K8S_CNI_CUSTOM_NETWORK_CFG", Value: value},
		}}}
	}
	for _, step := range []struct {
		reason string
		change func()
		room   bool
	}{
		{"no plugin", func() {}, true},
		{"the plugin comes", func() { w.must(w.api.Create(t.Context(), plugin)) }, false},
		{"custom networking is switched on", func() { custom("true"); w.must(w.api.Update(t.Context(), plugin)) }, true},
		{"and off", func() { custom("false"); w.must(w.api.Update(t.Context(), plugin)) }, false},
		{"the plugin goes", func() { w.must(w.api.Delete(t.Context(), plugin)) }, true},
	} {
		step.change()
		_, err := controllersOf[*networkplugin.Controller](w)[0].Reconcile(t.Context(), reconcile.Request{})
		w.must(err)
		_, err = w.front.Create(t.Context(), claim(step.reason, karpv1.CapacityTypeOnDemand))
		if step.room && err != nil || !step.room && !cloudprovider.IsInsufficientCapacityError(err) {
			t.Errorf("%s: %v", step.reason, err)
		}
	}
}
