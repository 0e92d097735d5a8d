// SPDX-License-Identifier: Apache-2.0

package instancetype_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"

	v1 "karpenter.sh/providers/aws/apis/v1"
)

const day = 24 * time.Hour

func images(ids ...string) func(*v1.EC2NodeClass) {
	return func(c *v1.EC2NodeClass) {
		for _, id := range ids {
			c.Status.AMIs = append(c.Status.AMIs, v1.AMI{ID: id})
		}
	}
}

// sizes of a family, with 8, 16 and 384 GiB.
func sizes() []ec2types.InstanceTypeInfo {
	return []ec2types.InstanceTypeInfo{info("m5.24xlarge", 96, 384*1024), m5large(), info("m5.xlarge", 4, 16*1024), info("m6i.large", 2, 8192)}
}

func (w *world) observe(instanceType, memory string, amis ...string) {
	w.provider.Observe(nodeClass(images(amis...)), instanceType, resource.MustParse(memory))
}

func (w *world) memory(instanceType string, c *v1.EC2NodeClass) string {
	w.Helper()
	for _, it := range w.list(c, nil) {
		if it.Name == instanceType {
			q := it.Capacity[corev1.ResourceMemory]
			return fmt.Sprint(q.Value()/(1<<20), "Mi")
		}
	}
	w.Fatalf("%s is not listed", instanceType)
	return ""
}

// AWS-203: the lowest observation counts for the type and AMI set, for 60 days.
func TestObservedMemory(t *testing.T) {
	w := newWorld(t, sizes())
	c := nodeClass(images("ami-1", "ami-2"))
	expectMemory := func(step, want string) {
		t.Helper()
		if got := w.memory("m5.large", c); got != want {
			t.Errorf("%s: %s, want %s", step, got, want)
		}
	}
	expectMemory("estimate", "7577Mi")
	w.observe("m5.large", "7700Mi", "ami-2", "ami-1")
	expectMemory("observed", "7700Mi")
	w.observe("m5.large", "7750Mi", "ami-1", "ami-2")
	expectMemory("a higher value", "7700Mi")
	w.clock.SetTime(w.clock.Now().Add(40 * day))
	w.observe("m5.large", "7600Mi", "ami-1", "ami-2")
	expectMemory("a lower value", "7600Mi")
	w.clock.SetTime(w.clock.Now().Add(40 * day))
	expectMemory("renewed by the lower value", "7600Mi")
	w.clock.SetTime(w.clock.Now().Add(20 * day))
	expectMemory("after 60 days", "7577Mi")
}

// AWS-203: an equal value is believed anew; another AMI set has observations of its own.
func TestObservedMemoryOfOthers(t *testing.T) {
	w := newWorld(t, sizes())
	w.observe("m5.large", "7700Mi", "ami-1")
	w.clock.SetTime(w.clock.Now().Add(59 * day))
	w.observe("m5.large", "7700Mi", "ami-1")
	w.clock.SetTime(w.clock.Now().Add(59 * day))
	if got := w.memory("m5.large", nodeClass(images("ami-1"))); got != "7700Mi" {
		t.Errorf("renewed: %s", got)
	}
	if got := w.memory("m5.large", nodeClass(images("ami-9"), family(v1.AMIFamilyBottlerocket))); got != "7577Mi" {
		t.Errorf("another image: %s", got)
	}
}

// AWS-203: thresholds that are shares are of the capacity that is told.
func TestObservedMemoryAndThresholds(t *testing.T) {
	w := newWorld(t, one(m5large()))
	w.observe("m5.large", "7800Mi", "ami-1")
	it := w.only(nodeClass(images("ami-1"), kubelet(`{"evictionHard":{"memory.available":"10%"}}`)))
	compare(t, it.Overhead.EvictionThreshold, map[string]string{"memory": "780Mi"})
}

// AWS-437: until a type has an observation of its own, its estimate is corrected by
// what it missed on types of the line that are not larger.
func TestCorrectedMemory(t *testing.T) {
	w := newWorld(t, sizes())
	c := nodeClass(images("ami-1"))
	want := func(step string, memory map[string]string) {
		t.Helper()
		for instanceType, want := range memory {
			if got := w.memory(instanceType, c); got != want {
				t.Errorf("%s: %s has %s, want %s", step, instanceType, got, want)
			}
		}
	}
	want("estimates", map[string]string{"m5.large": "7577Mi", "m5.xlarge": "15155Mi", "m5.24xlarge": "363724Mi", "m6i.large": "7577Mi"})
	// 246 MiB of 8 GiB more than estimated.
	w.observe("m5.large", "7823Mi", "ami-1")
	want("one observed", map[string]string{"m5.large": "7823Mi", "m5.xlarge": "15647Mi", "m5.24xlarge": "375532Mi", "m6i.large": "7577Mi"})
	// A large machine says nothing about smaller ones.
	w.observe("m5.24xlarge", "381000Mi", "ami-1")
	want("a large one", map[string]string{"m5.xlarge": "15647Mi", "m5.24xlarge": "381000Mi"})
	// Unless it has less than was estimated.
	w.observe("m5.24xlarge", "360000Mi", "ami-1")
	want("a bad large one", map[string]string{"m5.large": "7823Mi", "m5.xlarge": "14999Mi"})
	w.observe("m5.xlarge", "15900Mi", "ami-1")
	want("its own", map[string]string{"m5.xlarge": "15900Mi"})
	// The correction outlives the image, not the family of images.
	c = nodeClass(images("ami-2"))
	want("a new image", map[string]string{"m5.large": "7499Mi"})
	c = nodeClass(images("ami-2"), family(v1.AMIFamilyAL2))
	want("another family of images", map[string]string{"m5.large": "7577Mi"})
}

// What cannot be is not believed.
func TestImpossibleObservations(t *testing.T) {
	w := newWorld(t, sizes())
	before := w.list(nodeClass(images("ami-1")), nil)
	for _, memory := range []string{"0", "-1Gi", "4095Mi", "8193Mi"} {
		w.observe("m5.large", memory, "ami-1")
	}
	w.observe("m5.huge", "8Gi", "ami-1")
	w.provider.Observe(nodeClass(family("")), "m5.large", resource.MustParse("7Gi"))
	if after := w.list(nodeClass(images("ami-1")), nil); !slices.Equal(after, before) {
		t.Error("the types changed")
	}
}
