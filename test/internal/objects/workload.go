// SPDX-License-Identifier: Apache-2.0

package objects

import (
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// Namespace that all namespaced objects go to.
const Namespace = metav1.NamespaceDefault

// Cluster is the label of everything that tests make (OPS-268).
const Cluster = "testing/cluster"

// App is the label that tells workloads apart; its value is the workload's name.
const App = "app"

// Marked returns a copy of labels with [Cluster] set.
func Marked(labels map[string]string) map[string]string {
	return with(labels, Cluster, "unspecified")
}

// Workload describes pods that are all alike. Name is required; the zero value
// of any other field leaves the matter open.
type Workload struct {
	Name string
	// Replicas of a Deployment, StatefulSet or ReplicationController.
	Replicas int32
	// CPU and Memory requested by each pod, as Kubernetes quantities.
	CPU, Memory string
	// Labels and Annotations of the pods, beside App and Cluster.
	Labels, Annotations map[string]string
	NodeSelector        map[string]string
	Tolerations         []corev1.Toleration
	// NodeTerms are required node affinity terms, of which one has to match.
	NodeTerms []corev1.NodeSelectorTerm
	// Grace is the pods' termination grace period in seconds.
	Grace *int64
	// Change is applied to the finished pod spec.
	Change func(*corev1.PodSpec)
}

// Deployment runs the workload with its number of replicas.
func (w Workload) Deployment() *appsv1.Deployment {
	return &appsv1.Deployment{
		ObjectMeta: w.meta(),
		Spec:       appsv1.DeploymentSpec{Replicas: &w.Replicas, Selector: w.Selector(), Template: w.template()},
	}
}

// StatefulSet runs the workload with its number of replicas, which start side by side.
func (w Workload) StatefulSet() *appsv1.StatefulSet {
	return &appsv1.StatefulSet{
		ObjectMeta: w.meta(),
		Spec: appsv1.StatefulSetSpec{
			Replicas: &w.Replicas, Selector: w.Selector(), Template: w.template(), PodManagementPolicy: appsv1.ParallelPodManagement,
		},
	}
}

// ReplicationController runs the workload with its number of replicas, as long ago.
func (w Workload) ReplicationController() *corev1.ReplicationController {
	template := w.template()
	return &corev1.ReplicationController{
		ObjectMeta: w.meta(),
		Spec:       corev1.ReplicationControllerSpec{Replicas: &w.Replicas, Selector: w.Selector().MatchLabels, Template: &template},
	}
}

// DaemonSet runs the workload on every node that it can run on.
func (w Workload) DaemonSet() *appsv1.DaemonSet {
	return &appsv1.DaemonSet{
		ObjectMeta: w.meta(),
		Spec:       appsv1.DaemonSetSpec{Selector: w.Selector(), Template: w.template()},
	}
}

// Pod is a single pod, which nobody replaces.
func (w Workload) Pod() *corev1.Pod {
	template := w.template()
	pod := &corev1.Pod{ObjectMeta: template.ObjectMeta, Spec: template.Spec}
	pod.Name, pod.Namespace = w.Name, Namespace
	return pod
}

// Budget protects the workload: so many of its pods have to stay available.
func (w Workload) Budget(minAvailable int) *policyv1.PodDisruptionBudget {
	available := intstr.FromInt(minAvailable)
	return &policyv1.PodDisruptionBudget{
		ObjectMeta: w.meta(),
		Spec:       policyv1.PodDisruptionBudgetSpec{MinAvailable: &available, Selector: w.Selector()},
	}
}

// Selector matches the workload's pods.
func (w Workload) Selector() *metav1.LabelSelector {
	return &metav1.LabelSelector{MatchLabels: map[string]string{App: w.Name}}
}

func (w Workload) meta() metav1.ObjectMeta {
	return metav1.ObjectMeta{Namespace: Namespace, Name: w.Name, Labels: Marked(nil)}
}

func (w Workload) template() corev1.PodTemplateSpec {
	labels := Marked(w.Labels)
	labels[App] = w.Name
	spec := corev1.PodSpec{
		NodeSelector:                  w.NodeSelector,
		Tolerations:                   w.Tolerations,
		TerminationGracePeriodSeconds: w.Grace,
		Containers: []corev1.Container{{
			Name: "app", Image: "app", Resources: corev1.ResourceRequirements{Requests: w.requests()},
		}},
	}
	if len(w.NodeTerms) > 0 {
		spec.Affinity = &corev1.Affinity{NodeAffinity: &corev1.NodeAffinity{
			RequiredDuringSchedulingIgnoredDuringExecution: &corev1.NodeSelector{NodeSelectorTerms: w.NodeTerms},
		}}
	}
	if w.Change != nil {
		w.Change(&spec)
	}
	return corev1.PodTemplateSpec{ObjectMeta: metav1.ObjectMeta{Labels: labels, Annotations: w.Annotations}, Spec: spec}
}

func (w Workload) requests() corev1.ResourceList {
	requests := corev1.ResourceList{}
	if w.CPU != "" {
		requests[corev1.ResourceCPU] = resource.MustParse(w.CPU)
	}
	if w.Memory != "" {
		requests[corev1.ResourceMemory] = resource.MustParse(w.Memory)
	}
	return requests
}
