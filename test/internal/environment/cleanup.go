// SPDX-License-Identifier: Apache-2.0

package environment

import (
	"context"
	"fmt"

	"github.com/onsi/gomega"
	admissionv1 "k8s.io/api/admissionregistration/v1"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	schedulingv1 "k8s.io/api/scheduling/v1"
	storagev1 "k8s.io/api/storage/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"

	autoscalingv1beta1 "karpenter.sh/core/apis/autoscaling/v1beta1"
	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/apis/v1alpha1"
	"karpenter.sh/test/internal/objects"
)

// finalizer that tests put on objects to hold them back; cleaning removes it.
const finalizer = "testing/finalizer"

// kinds that tests make, in the order in which they are deleted: what keeps
// pods alive first, what Karpenter reacts to last (OPS-268).
func (e *Environment) kinds() []client.ObjectList {
	return []client.ObjectList{
		&admissionv1.ValidatingAdmissionPolicyBindingList{},
		&admissionv1.ValidatingAdmissionPolicyList{},
		&policyv1.PodDisruptionBudgetList{},
		&appsv1.DaemonSetList{},
		&appsv1.DeploymentList{},
		&appsv1.StatefulSetList{},
		&corev1.ReplicationControllerList{},
		&autoscalingv1beta1.CapacityBufferList{},
		&corev1.LimitRangeList{},
		&corev1.PodList{},
		&corev1.PodTemplateList{},
		&corev1.PersistentVolumeClaimList{},
		&corev1.PersistentVolumeList{},
		&v1.NodePoolList{},
		&v1.NodeClaimList{},
		&corev1.NodeList{},
		&v1alpha1.NodeOverlayList{},
		&schedulingv1.PriorityClassList{},
		&storagev1.StorageClassList{},
		e.classes(),
	}
}

// classes is an empty list of the NodeClasses of the provider under test.
func (e *Environment) classes() *unstructured.UnstructuredList {
	classes := &unstructured.UnstructuredList{}
	gvk := e.Defaults.NodeClass("").GroupVersionKind()
	gvk.Kind += "List"
	classes.SetGroupVersionKind(gvk)
	return classes
}

// ofAnyTest selects what tests have made.
var ofAnyTest = client.HasLabels{objects.Cluster}

// mine selects what the test that runs has made.
func (e *Environment) mine() client.ListOption { return client.MatchingLabels{objects.Test: e.suffix} }

// leftovers lists what is still there of a selection.
func (e *Environment) leftovers(ctx context.Context, selected client.ListOption) []string {
	var names []string
	for _, list := range e.kinds() {
		gomega.ExpectWithOffset(2, e.List(ctx, list, selected)).To(gomega.Succeed())
		for _, o := range items(list) {
			names = append(names, fmt.Sprintf("%T %s", o, o.GetName()))
		}
	}
	return names
}

// clean asks for the deletion of a selection, and returns without waiting for
// it.
func (e *Environment) clean(ctx context.Context, selected client.ListOption) {
	for _, list := range e.kinds() {
		gomega.ExpectWithOffset(2, e.List(ctx, list, selected)).To(gomega.Succeed())
		for _, o := range items(list) {
			e.release(ctx, o)
			err := e.Delete(ctx, o, client.GracePeriodSeconds(0), client.PropagationPolicy(metav1.DeletePropagationForeground))
			gomega.ExpectWithOffset(2, client.IgnoreNotFound(err)).To(gomega.Succeed(), "delete %s", o.GetName())
		}
	}
}

// Force takes away whatever still holds back the deletion of a test's objects,
// so that one failure does not fail the tests after it.
func (e *Environment) Force(ctx context.Context) {
	e.clean(ctx, e.mine())
	for _, list := range e.kinds() {
		if e.List(ctx, list, e.mine()) != nil {
			continue
		}
		for _, o := range items(list) {
			before := o.DeepCopyObject().(client.Object)
			o.SetFinalizers(nil)
			_ = e.Patch(ctx, o, client.MergeFrom(before)) // the end of the suite says what is left
		}
	}
}

// release removes the finalizer of tests.
func (e *Environment) release(ctx context.Context, o client.Object) {
	before := o.DeepCopyObject().(client.Object)
	if !controllerutil.RemoveFinalizer(o, finalizer) {
		return
	}
	err := e.Patch(ctx, o, client.MergeFrom(before))
	gomega.ExpectWithOffset(3, client.IgnoreNotFound(err)).To(gomega.Succeed(), "release %s", o.GetName())
}

func items(list client.ObjectList) []client.Object {
	found, err := meta.ExtractList(list)
	gomega.ExpectWithOffset(3, err).NotTo(gomega.HaveOccurred())
	out := make([]client.Object, len(found))
	for i, o := range found {
		out[i] = o.(client.Object)
	}
	return out
}
