// SPDX-License-Identifier: Apache-2.0

package aws_test

import (
	"fmt"
	"runtime"
	"testing"

	"karpenter.sh/test/cloudsim/aws"
)

// wide is a fleet request with as many overrides as a controller sends.
func wide(template string) []string {
	out := fleet(template, "m5.large", "spot", 1, 1)
	kinds := []string{"m5.large", "m5.xlarge", "c5.large", "c5.xlarge", "r5.large", "m6i.large", "c6i.large", "m7i.large", "m5a.large", "c5a.large"}
	n := 0
	for _, kind := range kinds {
		for _, s := range aws.DefaultSetup("c1").Subnets {
			for range 2 {
				n++
				at := fmt.Sprintf("LaunchTemplateConfigs.1.Overrides.%d.", n)
				out = append(out, at+"InstanceType="+kind, at+"SubnetId="+s.ID, at+"Priority=1.5")
			}
		}
	}
	return out
}

// SIM-061: from the form to the answer, 60 overrides.
func BenchmarkCreateFleet(b *testing.B) {
	c := newClient(b, func(o *aws.Options) { o.Stock = 1 << 30 })
	request := wide(c.template("karpenter/1"))
	launched := 0
	for b.Loop() {
		body, code := c.ec2("CreateFleet", append(request, fmt.Sprintf("ClientToken=%d", launched))...)
		if code != "" {
			b.Fatal(body)
		}
		if launched++; launched%1000 == 0 { // do not run out of addresses
			for _, id := range ids(body) {
				c.ec2("TerminateInstances", "InstanceId.1="+id)
			}
		}
	}
}

// SIM-062: launched one by one, with all that is remembered of it.
func BenchmarkInstances(b *testing.B) {
	for b.Loop() {
		c := newClient(b, func(o *aws.Options) { o.Stock = 1 << 30 })
		request := wide(c.template("karpenter/1"))
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		for n := range 10000 {
			if _, code := c.ec2("CreateFleet", append(request, fmt.Sprintf("ClientToken=%d", n))...); code != "" {
				b.Fatal(code)
			}
		}
		runtime.GC()
		runtime.ReadMemStats(&after)
		b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/(1<<20), "MB")
		runtime.KeepAlive(c)
	}
}

// BenchmarkDescribeInstances is a page of 1,000 out of 10,000.
func BenchmarkDescribeInstances(b *testing.B) {
	c := newClient(b, func(o *aws.Options) { o.Stock = 1 << 30 })
	request := fleet(c.template("karpenter/1"), "m5.large", "spot", 10000, 1)
	if _, code := c.ec2("CreateFleet", request...); code != "" {
		b.Fatal(code)
	}
	for b.Loop() {
		if _, code := c.ec2("DescribeInstances", "MaxResults=1000", "Filter.1.Name=tag-key", "Filter.1.Value.1=karpenter.sh/nodepool"); code != "" {
			b.Fatal(code)
		}
	}
}
