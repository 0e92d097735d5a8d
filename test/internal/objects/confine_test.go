// SPDX-License-Identifier: Apache-2.0

package objects_test

import (
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"karpenter.sh/test/internal/objects"
)

func TestAssignReachesWhatOthersMake(t *testing.T) {
	d := defaults(t, "", "")
	pool := d.NodePool("pool", d.NodeClass("class"))
	w := objects.Workload{Name: "w", Change: func(spec *corev1.PodSpec) {
		spec.Volumes = []corev1.Volume{{VolumeSource: corev1.VolumeSource{
			Ephemeral: &corev1.EphemeralVolumeSource{VolumeClaimTemplate: &corev1.PersistentVolumeClaimTemplate{}},
		}}}
	}}
	set := &appsv1.StatefulSet{}
	set.Spec.VolumeClaimTemplates = make([]corev1.PersistentVolumeClaim, 1)
	deployment := w.Deployment()
	for _, o := range []client.Object{pool, deployment, set} {
		objects.Assign(o, "one")
	}
	for what, labels := range map[string]map[string]string{
		"the object":                        deployment.Labels,
		"its pods":                          deployment.Spec.Template.Labels,
		"their ephemeral volumes":           deployment.Spec.Template.Spec.Volumes[0].Ephemeral.VolumeClaimTemplate.Labels,
		"nodes of the pool":                 pool.Spec.Template.ObjectMeta.Labels,
		"volume claims of the stateful set": set.Spec.VolumeClaimTemplates[0].Labels,
	} {
		if labels[objects.Test] != "one" {
			t.Errorf("%s: labels are %v", what, labels)
		}
	}
	if deployment.Spec.Template.Spec.NodeSelector != nil {
		t.Error("pods that are assigned may go anywhere unless they are confined")
	}
}

func TestConfine(t *testing.T) {
	shared := map[string]string{"zone": "a"}
	w := objects.Workload{Name: "w", NodeSelector: shared}
	pod, deployment, daemons := w.Pod(), w.Deployment(), w.DaemonSet()
	template := &corev1.PodTemplate{Template: deployment.Spec.Template}
	set := &appsv1.StatefulSet{Spec: appsv1.StatefulSetSpec{Template: deployment.Spec.Template}}
	job := &batchv1.Job{Spec: batchv1.JobSpec{Template: deployment.Spec.Template}}
	for _, o := range []client.Object{pod, deployment, daemons, template, set, job, w.Budget(1)} {
		objects.Confine(o, "one")
	}
	for what, spec := range map[string]*corev1.PodSpec{
		"pod": &pod.Spec, "deployment": &deployment.Spec.Template.Spec, "daemon set": &daemons.Spec.Template.Spec,
		"pod template": &template.Template.Spec, "stateful set": &set.Spec.Template.Spec, "job": &job.Spec.Template.Spec,
	} {
		if spec.NodeSelector[objects.Test] != "one" || spec.NodeSelector["zone"] != "a" {
			t.Errorf("%s: node selector is %v", what, spec.NodeSelector)
		}
	}
	if len(shared) != 1 {
		t.Errorf("the caller's node selector was changed: %v", shared)
	}
}
