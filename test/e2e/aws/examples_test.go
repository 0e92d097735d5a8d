// SPDX-License-Identifier: Apache-2.0

package aws_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/test/internal/objects"
)

// examplesDir is where the manifests for users are.
const examplesDir = "../../../providers/aws/examples"

// example is a pod for a manifest, and what the machine for it must be.
type example struct {
	pod objects.Workload
	// labels are those of the NodeClaim.
	labels map[string]string
	// stays says that simulated machines of this image family never boot.
	stays bool
}

// exampleFor are the manifests. Each file has an entry.
func exampleFor() map[string]example {
	plain := example{pod: objects.Workload{CPU: "1"}}
	gpus := func(count string) example {
		e := example{pod: objects.Workload{CPU: "1", Tolerations: []corev1.Toleration{objects.Tolerate("nvidia.com/gpu")}}}
		e.pod.Change = func(spec *corev1.PodSpec) {
			resources, quantity := &spec.Containers[0].Resources, resource.MustParse(count)
			resources.Requests["nvidia.com/gpu"] = quantity
			resources.Limits = corev1.ResourceList{"nvidia.com/gpu": quantity}
		}
		return e
	}
	windows := example{stays: true, labels: map[string]string{corev1.LabelWindowsBuild: "10.0.20348"}, pod: objects.Workload{
		CPU: "1", Tolerations: []corev1.Toleration{objects.Tolerate("os")}, NodeSelector: map[string]string{corev1.LabelOSStable: "windows"},
	}}
	with := func(e example, key, value string) example {
		e.labels = map[string]string{key: value}
		return e
	}
	return map[string]example{
		"block-devices.yaml":         plain,
		"bottlerocket.yaml":          plain,
		"capacity-reservations.yaml": with(plain, capacityType, v1.CapacityTypeReserved),
		"custom-image.yaml":          plain,
		"efa.yaml":                   with(gpus("8"), instanceType, "p4d.24xlarge"),
		"general-purpose.yaml":       plain,
		"gpu.yaml":                   with(gpus("1"), group+"/instance-gpu-manufacturer", "nvidia"),
		"instance-store.yaml":        plain,
		"kubelet.yaml":               plain,
		"placement-group.yaml":       with(plain, zone, "us-west-2a"),
		"spot.yaml":                  with(plain, capacityType, v1.CapacityTypeSpot),
		"user-data.yaml":             plain,
		"windows.yaml":               windows,
	}
}

var _ = Describe("The example", func() {
	It("manifests are all tried", func() {
		files, err := filepath.Glob(examplesDir + "/*.yaml")
		Expect(err).NotTo(HaveOccurred())
		for i, file := range files {
			files[i] = filepath.Base(file)
		}
		Expect(slices.Sorted(maps.Keys(exampleFor()))).To(Equal(files))
	})

	for _, file := range slices.Sorted(maps.Keys(exampleFor())) {
		// AWS-010, AWS-011: what users start from brings machines, as it stands but for
		// the cluster's name.
		It(file+" launches", func(ctx SpecContext) {
			e := exampleFor()[file]
			pool := apply(ctx, filepath.Join(examplesDir, file))
			e.pod.Name, e.pod.Replicas = env.Name("work"), 1
			env.Create(ctx, e.pod.Deployment())
			var claim *v1.NodeClaim
			env.Eventually(ctx, func(g Gomega) {
				claims := env.Claims(ctx, pool)
				g.Expect(claims).To(HaveLen(1))
				claim = &claims[0]
				g.Expect(claim.StatusConditions().Get(v1.ConditionTypeLaunched).IsTrue()).To(BeTrue())
			})
			for key, value := range e.labels {
				Expect(claim.Labels).To(HaveKeyWithValue(key, value))
			}
			if !e.stays {
				env.EventuallyRunning(ctx, e.pod)
				env.EventuallySettled(ctx, pool)
			}
			expectOneEach(ctx, pool)
			env.Scale(ctx, e.pod, 0)
			Expect(env.Delete(ctx, pool)).To(Succeed())
			env.EventuallyGone(ctx, claim)
			eventuallyNoneRun(ctx)
		})
	}
})

// apply creates the objects of a manifest, in this cluster, and returns its NodePool.
func apply(ctx context.Context, file string) *v1.NodePool {
	GinkgoHelper()
	text, err := os.ReadFile(file)
	Expect(err).NotTo(HaveOccurred())
	text = bytes.ReplaceAll(text, []byte("my-cluster"), []byte(cloud.Cluster))
	var pool *v1.NodePool
	for decoder := yaml.NewYAMLOrJSONDecoder(bytes.NewReader(text), 4096); ; {
		object := &unstructured.Unstructured{}
		err := decoder.Decode(object)
		if errors.Is(err, io.EOF) {
			break
		}
		Expect(err).NotTo(HaveOccurred())
		var created client.Object = object
		if object.GetKind() == "NodePool" {
			pool = &v1.NodePool{}
			Expect(runtime.DefaultUnstructuredConverter.FromUnstructured(object.Object, pool)).To(Succeed())
			created = pool
		}
		env.Create(ctx, created)
	}
	Expect(pool).NotTo(BeNil(), "a NodePool in %s", file)
	return pool
}
