// SPDX-License-Identifier: Apache-2.0

package trim

import (
	"slices"

	appsv1 "k8s.io/api/apps/v1"
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// lastApplied holds a second copy of objects made with kubectl apply.
const lastApplied = corev1.LastAppliedConfigAnnotation

// CacheOptions are those of the one cache that all controllers read from.
// Leases are watched where kubelets keep theirs only (OPS-048).
func CacheOptions() cache.Options {
	return cache.Options{
		DefaultTransform: transform(func(client.Object) {}),
		ByObject: map[client.Object]cache.ByObject{
			&corev1.Pod{}:        {Transform: transform(Pod)},
			&corev1.Node{}:       {Transform: transform(Node)},
			&appsv1.DaemonSet{}:  {Transform: transform(DaemonSet)},
			&corev1.LimitRange{}: {Transform: limitRange},
			// What default spread constraints are deduced from; cached only if
			// there are some.
			&corev1.Service{}:               {Transform: transform(Service)},
			&corev1.ReplicationController{}: {Transform: transform(ReplicationController)},
			&appsv1.ReplicaSet{}:            {Transform: transform(ReplicaSet)},
			&appsv1.StatefulSet{}:           {Transform: transform(StatefulSet)},
			&coordinationv1.Lease{}: {
				Namespaces: map[string]cache.Config{corev1.NamespaceNodeLease: {}},
				Transform:  transform(func(client.Object) {}),
			},
		},
	}
}

// transform drops the field managers of every object and what trim drops of
// those of type T. What is no object, such as a tombstone, passes unchanged.
func transform[T client.Object](trim func(T)) func(any) (any, error) {
	return func(in any) (any, error) {
		if object, err := meta.Accessor(in); err == nil {
			object.SetManagedFields(nil)
		}
		if typed, ok := in.(T); ok {
			trim(typed)
		}
		return in, nil
	}
}

// Pod keeps what scheduling and draining read: the metadata, the resources and
// ports of containers, placement, volumes, and phase and conditions.
func Pod(pod *corev1.Pod) {
	delete(pod.Annotations, lastApplied)
	podSpec(&pod.Spec)
	s := &pod.Status
	s.ContainerStatuses = trimmed(s.ContainerStatuses, containerStatus)
	s.InitContainerStatuses = trimmed(s.InitContainerStatuses, containerStatus)
	s.EphemeralContainerStatuses = nil
	s.HostIPs, s.PodIPs = nil, nil
}

// Node keeps all but the lists that grow with what ran on the machine.
func Node(node *corev1.Node) {
	node.Status.Images = nil
	node.Status.VolumesInUse = nil
	node.Status.VolumesAttached = nil
	node.Status.Config = nil
}

// DaemonSet keeps of its template what [Pod] keeps of a pod.
func DaemonSet(set *appsv1.DaemonSet) {
	delete(set.Annotations, lastApplied)
	podSpec(&set.Spec.Template.Spec)
}

// limitRange keeps when each field manager wrote: a daemon pod that is older does
// not show what the next one gets.
func limitRange(in any) (any, error) {
	limits, ok := in.(*corev1.LimitRange)
	if !ok {
		return in, nil
	}
	delete(limits.Annotations, lastApplied)
	for i, written := range limits.ManagedFields {
		limits.ManagedFields[i] = metav1.ManagedFieldsEntry{Time: written.Time}
	}
	return limits, nil
}

// Service keeps the metadata and the selector.
func Service(s *corev1.Service) {
	delete(s.Annotations, lastApplied)
	s.Spec = corev1.ServiceSpec{Selector: s.Spec.Selector}
	s.Status = corev1.ServiceStatus{}
}

// ReplicationController drops the template, as do the next two: a cluster holds
// many old revisions, and only their selectors are read.
func ReplicationController(rc *corev1.ReplicationController) {
	delete(rc.Annotations, lastApplied)
	rc.Spec.Template = nil
}

// ReplicaSet drops the template.
func ReplicaSet(rs *appsv1.ReplicaSet) {
	delete(rs.Annotations, lastApplied)
	rs.Spec.Template = corev1.PodTemplateSpec{}
}

// StatefulSet drops the templates.
func StatefulSet(set *appsv1.StatefulSet) {
	delete(set.Annotations, lastApplied)
	set.Spec.Template = corev1.PodTemplateSpec{}
	set.Spec.VolumeClaimTemplates = nil
}

func podSpec(spec *corev1.PodSpec) {
	spec.Containers = trimmed(spec.Containers, container)
	spec.InitContainers = trimmed(spec.InitContainers, container)
	spec.EphemeralContainers = nil
	spec.ImagePullSecrets = nil
	spec.HostAliases = nil
	spec.DNSConfig = nil
	spec.SecurityContext = nil
	spec.ReadinessGates = nil
	spec.Volumes = slices.DeleteFunc(spec.Volumes, fromObject)
}

// fromObject tells volumes that are files made of API objects: they take no
// attachment and no place.
func fromObject(v corev1.Volume) bool {
	return v.Projected != nil || v.Secret != nil || v.ConfigMap != nil || v.DownwardAPI != nil
}

func container(c corev1.Container) corev1.Container {
	return corev1.Container{
		Name:          c.Name,
		Ports:         c.Ports,
		Resources:     c.Resources,
		ResizePolicy:  c.ResizePolicy,
		RestartPolicy: c.RestartPolicy,
	}
}

// containerStatus keeps what tells the resources of a resized container.
func containerStatus(s corev1.ContainerStatus) corev1.ContainerStatus {
	return corev1.ContainerStatus{
		Name:               s.Name,
		Ready:              s.Ready,
		Started:            s.Started,
		RestartCount:       s.RestartCount,
		Resources:          s.Resources,
		AllocatedResources: s.AllocatedResources,
	}
}

// trimmed replaces each item; nil stays nil.
func trimmed[T any](items []T, trim func(T) T) []T {
	for i := range items {
		items[i] = trim(items[i])
	}
	return items
}
