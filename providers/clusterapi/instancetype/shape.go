// SPDX-License-Identifier: Apache-2.0

package instancetype

import (
	"errors"
	"fmt"
	"math"
	"strconv"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/types"

	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/engine/label"
	"karpenter.sh/providers/clusterapi/apis/v1alpha1"
	"karpenter.sh/providers/clusterapi/capi"
)

// Annotations of deployments that say what their machines are (CAPI-018). Others of
// these domains say nothing here.
const (
	capacityDomain = "capacity.cluster-autoscaler.kubernetes.io/"
	infoDomain     = "node-info.cluster-autoscaler.kubernetes.io/"

	AnnotationCPU      = capacityDomain + "cpu"
	AnnotationMemory   = capacityDomain + "memory"
	AnnotationDisk     = capacityDomain + "ephemeral-disk"
	AnnotationMaxPods  = capacityDomain + "maxPods"
	AnnotationGPUCount = capacityDomain + "gpu-count"
	AnnotationGPUType  = capacityDomain + "gpu-type"
	AnnotationLabels   = capacityDomain + "labels"
	AnnotationTaints   = capacityDomain + "taints"
	AnnotationArch     = infoDomain + "cpu-architecture"
	AnnotationOS       = infoDomain + "os"
	AnnotationPrice    = "cluster.x-k8s.io/machine-current-price"
)

// defaultPods is how many pods a machine takes if nobody said.
const defaultPods = 110

// ErrNoSize says that nobody told the CPU or the memory of a deployment's machines,
// which therefore are no instance type (CAPI-019).
var ErrNoSize = errors.New("its CPU or memory is not known")

// MalformedError says that an annotation of a deployment cannot be read (CAPI-020).
type MalformedError struct {
	// Annotation is its key.
	Annotation string
	cause      error
}

// Error names the annotation.
func (e *MalformedError) Error() string {
	return fmt.Sprintf("reading annotation %s: %v", e.Annotation, e.cause)
}

// Unwrap returns the cause.
func (e *MalformedError) Unwrap() error { return e.cause }

// Facts are what is known of the machines of a deployment beside what it says itself; zero
// where nothing is. Its annotations go before them.
type Facts struct {
	// Capacity, Architecture and OS are what its infrastructure template says (CAPI-019).
	Capacity         corev1.ResourceList
	Architecture, OS string
	// Overhead is what its Nodes were seen to keep from pods (CAPI-028).
	Overhead corev1.ResourceList
}

// Shape is a deployment as a kind of machine. It is not changed once it is made.
type Shape struct {
	// Deployment is whose machines these are.
	Deployment types.NamespacedName
	// Labels that the Nodes will bear, capacity type and size included (CAPI-022,
	// CAPI-027).
	Labels map[string]string
	// Capacity of a machine; nil if it is not known, as with [Unsized].
	Capacity corev1.ResourceList
	// Overhead is what of it pods cannot use.
	Overhead cloudprovider.Overhead
	// Taints that keep pods off: NoSchedule and NoExecute (CAPI-024).
	Taints []corev1.Taint
	// Price of an hour, in the currency of who wrote it; 0 if nobody did.
	Price float64
}

// Name is that of the instance type: the deployment's own, unless its labels name another
// (CAPI-025).
func (s *Shape) Name() string { return s.Labels[label.InstanceType] }

// Read makes the shape of a deployment. The error is a MalformedError, or ErrNoSize.
func Read(d *capi.MachineDeployment, facts Facts) (Shape, error) {
	r := reader{annotations: d.Annotations}
	s := Shape{
		Deployment: types.NamespacedName{Namespace: d.Namespace, Name: d.Name},
		Labels:     labelsOf(d, facts),
		Capacity:   r.capacity(facts.Capacity),
		Overhead:   r.overhead(facts.Overhead),
		Taints:     r.taints(),
		Price:      r.price(),
	}
	if err := valid(s.Labels); err != nil {
		r.fail(AnnotationLabels, err)
	}
	if r.err == nil && (s.Capacity.Cpu().IsZero() || s.Capacity.Memory().IsZero()) {
		r.err = ErrNoSize
	}
	if r.err != nil {
		return Shape{}, fmt.Errorf("MachineDeployment %s: %w", s.Deployment, r.err)
	}
	addSize(s.Labels, s.Capacity)
	return s, nil
}

// Unsized is the shape of a deployment of which no more is known than its labels: enough to
// say that its type is there, although nothing can be had of it. It is false if the labels
// are none.
func Unsized(d *capi.MachineDeployment, facts Facts) (Shape, bool) {
	s := Shape{Deployment: types.NamespacedName{Namespace: d.Namespace, Name: d.Name}, Labels: labelsOf(d, facts)}
	return s, valid(s.Labels) == nil
}

func (s *Shape) sized() bool { return s.Capacity != nil }

// reader reads annotations, and keeps the first error.
type reader struct {
	annotations map[string]string
	err         error
}

func (r *reader) fail(annotation string, cause error) {
	if r.err == nil {
		r.err = &MalformedError{Annotation: annotation, cause: cause}
	}
}

// overhead is what the annotations say; without any, what was seen.
func (r *reader) overhead(seen corev1.ResourceList) cloudprovider.Overhead {
	said := cloudprovider.Overhead{
		KubeReserved:      r.resources(v1alpha1.AnnotationKubeReserved),
		SystemReserved:    r.resources(v1alpha1.AnnotationSystemReserved),
		EvictionThreshold: r.resources(v1alpha1.AnnotationEvictionThreshold),
	}
	if len(said.Total()) == 0 {
		return cloudprovider.Overhead{KubeReserved: seen}
	}
	return said
}

// capacity is what the annotations say, and the infrastructure for what they leave out.
func (r *reader) capacity(rest corev1.ResourceList) corev1.ResourceList {
	out := corev1.ResourceList{corev1.ResourcePods: *resource.NewQuantity(defaultPods, resource.DecimalSI)}
	for name, quantity := range rest {
		out[name] = quantity
	}
	for _, of := range []struct {
		name       corev1.ResourceName
		annotation string
	}{
		{corev1.ResourceCPU, AnnotationCPU}, {corev1.ResourceMemory, AnnotationMemory}, {corev1.ResourceEphemeralStorage, AnnotationDisk},
	} {
		if quantity, ok := r.quantity(of.annotation); ok {
			out[of.name] = quantity
		}
	}
	if pods, ok := r.count(AnnotationMaxPods); ok {
		out[corev1.ResourcePods] = pods
	}
	if count, ok := r.count(AnnotationGPUCount); ok && r.annotations[AnnotationGPUType] != "" {
		out[r.resourceName(AnnotationGPUType)] = count
	}
	return out
}

func (r *reader) quantity(annotation string) (resource.Quantity, bool) {
	text, ok := r.annotations[annotation]
	if !ok {
		return resource.Quantity{}, false
	}
	quantity, err := parseQuantity(text)
	if err != nil {
		r.fail(annotation, err)
	}
	return quantity, err == nil
}

// count is a whole number that is not negative.
func (r *reader) count(annotation string) (resource.Quantity, bool) {
	text, ok := r.annotations[annotation]
	if !ok {
		return resource.Quantity{}, false
	}
	n, err := strconv.ParseInt(text, 10, 32)
	if err == nil && n < 0 {
		err = errNegative
	}
	if err != nil {
		r.fail(annotation, err)
		return resource.Quantity{}, false
	}
	return *resource.NewQuantity(n, resource.DecimalSI), true
}

func (r *reader) price() float64 {
	text, ok := r.annotations[AnnotationPrice]
	if !ok {
		return 0
	}
	price, err := strconv.ParseFloat(text, 64)
	if err == nil && !(price >= 0 && price < math.Inf(1)) {
		err = errPrice
	}
	if err != nil {
		r.fail(AnnotationPrice, err)
		return 0
	}
	return price
}
