// SPDX-License-Identifier: Apache-2.0

package aws_test

import (
	"strings"
	"testing"
	"time"

	"karpenter.sh/test/cloudsim/aws"
)

// status is what is told of instances that have events with a code.
func (c *client) status(code string) string {
	c.Helper()
	body, failed := c.ec2("DescribeInstanceStatus", "Filter.1.Name=event.code", "Filter.1.Value.1="+code)
	if failed != "" && strings.Contains(body, "<Errors>") {
		c.Fatalf("DescribeInstanceStatus: %s", body)
	}
	return body
}

// SIM-070
func TestScheduledEvents(t *testing.T) {
	c := newClient(t)
	body, _ := c.ec2("CreateFleet", fleet(c.template("karpenter/1"), "m5.large", "on-demand", 2, 1)...)
	both := ids(body)
	c.clock.Step(time.Minute)
	c.Settle()
	for n, code := range []string{"system-reboot", "instance-retirement"} {
		if err := c.ScheduleEvent(both[n], code, time.Hour); err != nil {
			t.Fatal(err)
		}
		if got := c.status(code); !strings.Contains(got, both[n]) || strings.Contains(got, both[1-n]) || strings.Contains(got, "[Completed]") {
			t.Errorf("%s: %s", code, got)
		}
	}
	if err := c.ScheduleEvent(both[0], "party", 0); err == nil || !strings.Contains(err.Error(), "system-reboot") {
		t.Errorf("an event that there is not: %v", err)
	}
	c.clock.Step(time.Hour)
	c.Settle()
	if got := c.status("system-reboot"); !strings.Contains(got, both[0]) || !strings.Contains(got, "[Completed]") {
		t.Errorf("after the reboot: %s", got)
	}
	if got := c.status("instance-retirement"); strings.Contains(got, both[1]) {
		t.Errorf("after the retirement: %s", got)
	}
	if got, _ := c.ec2("DescribeInstances", "InstanceId.1="+both[1]); !strings.Contains(got, "shutting-down") || !strings.Contains(got, "Server.ScheduledStop") {
		t.Errorf("the retired instance: %s", got)
	}
	if err := c.ScheduleEvent(both[1], "system-reboot", 0); err == nil {
		t.Error("an ended instance has an event")
	}
}

// SIM-069: deprecated images of others are hidden, dropped templates are gone.
func TestImagesAndTemplatesGo(t *testing.T) {
	c := newClient(t)
	image := aws.DefaultSetup("c1").Images[0].ID
	listed := func() bool {
		body, _ := c.ec2("DescribeImages", "Owner.1=amazon")
		return strings.Contains(body, image)
	}
	if err := c.DeprecateImage(image, time.Hour); err != nil || !listed() {
		t.Errorf("before it is deprecated: %v", err)
	}
	c.clock.Step(time.Hour + time.Second)
	if listed() {
		t.Error("a deprecated image is listed")
	}
	c.template("karpenter/1")
	if n := c.DropLaunchTemplates(); n != 1 {
		t.Errorf("dropped %d", n)
	}
	if body, _ := c.ec2("DescribeLaunchTemplates"); strings.Contains(body, "karpenter/1") {
		t.Errorf("templates %s", body)
	}
}
