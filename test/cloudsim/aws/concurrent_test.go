// SPDX-License-Identifier: Apache-2.0

package aws_test

import (
	"fmt"
	"sync"
	"testing"
	"time"
)

// SIM-030: calls at the same time do not get into each other's way: afterwards every
// address is free again, and nothing waits. The race detector sees the rest.
func TestCallsAtTheSameTime(t *testing.T) {
	c := newClient(t)
	template := c.template("karpenter/1")
	request := fleet(template, "m5.large", "spot", 3, 3)
	free := fmt.Sprint(c.Summary()["freeAddresses"])
	var all sync.WaitGroup
	for worker := range 8 {
		all.Go(func() {
			for n := range 20 {
				body, code := c.ec2("CreateFleet", append(request[:len(request):len(request)], fmt.Sprintf("ClientToken=%d-%d", worker, n))...)
				if code != "" {
					t.Errorf("CreateFleet: %s", code)
				}
				c.ec2("DescribeInstances", "MaxResults=100", "Filter.1.Name=tag-key", "Filter.1.Value.1=karpenter.sh/nodepool")
				c.clock.Step(time.Second)
				for _, id := range ids(body) {
					if _, code := c.ec2("TerminateInstances", "InstanceId.1="+id); code != "" {
						t.Errorf("TerminateInstances: %s", code)
					}
				}
				c.Journal().Entries("ec2:CreateFleet", 0)
			}
		})
	}
	all.Wait()
	c.clock.Step(2 * time.Hour)
	c.Settle()
	if got := fmt.Sprint(c.Summary()["freeAddresses"]); got != free || c.Agenda().Waiting() != 0 {
		t.Errorf("free addresses %s, were %s; %d events wait", got, free, c.Agenda().Waiting())
	}
}
