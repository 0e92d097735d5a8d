// SPDX-License-Identifier: Apache-2.0

package instancetype_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"karpenter.sh/core/cloudprovider/kit/health"
	v1 "karpenter.sh/providers/aws/apis/v1"
)

// large is a region with 1,000 types in 6 zones, and a NodeClass in all of them.
func large(b *testing.B) (*world, *v1.EC2NodeClass) {
	var infos []ec2types.InstanceTypeInfo
	for i := range 1000 {
		infos = append(infos, info(fmt.Sprintf("m%d.s%d", i/20, i%20), int32(2+i%64), int64(4096*(1+i%64))))
	}
	zones := []string{"a", "b", "c", "d", "e", "f"}
	w := newWorld(b, infos, func(w *world) { w.api.zones = zones })
	c := nodeClass(images("ami-1", "ami-2", "ami-3"), func(c *v1.EC2NodeClass) {
		c.Status.Subnets = nil
		for _, zone := range zones {
			c.Status.Subnets = append(c.Status.Subnets, v1.Subnet{ID: "subnet-" + zone, Zone: zone, ZoneID: "id-" + zone})
		}
	})
	return w, c
}

// BenchmarkListSteady is a listing with nothing new (CP-035).
func BenchmarkListSteady(b *testing.B) {
	w, c := large(b)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := w.provider.List(context.Background(), c, nil); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkListAfterMark is a listing after an offering was marked.
func BenchmarkListAfterMark(b *testing.B) {
	w, c := large(b)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		_ = w.marks.Mark(health.Mark{Scope: health.Scope{InstanceType: "m1.s1", Zone: "a", Network: fmt.Sprint(i)}, Reason: "R", TTL: time.Hour})
		if _, err := w.provider.List(context.Background(), c, nil); err != nil {
			b.Fatal(err)
		}
		if i%100 == 99 {
			w.marks.Flush()
		}
	}
}

// BenchmarkListAnew is a listing after the NodeClass was changed.
func BenchmarkListAnew(b *testing.B) {
	w, c := large(b)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		c = c.DeepCopy()
		kubelet(fmt.Sprintf(`{"maxPods":%d}`, 1000+i))(c)
		if _, err := w.provider.List(context.Background(), c, nil); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkMachine is what a launch of 60 types asks (AWS-290).
func BenchmarkMachine(b *testing.B) {
	w, c := large(b)
	b.ReportAllocs()
	for b.Loop() {
		for i := range 60 {
			if _, err := w.provider.Machine(c, fmt.Sprintf("m%d.s%d", i/20, i%20)); err != nil {
				b.Fatal(err)
			}
		}
	}
}
