// SPDX-License-Identifier: Apache-2.0

package managedtemplate_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"karpenter.sh/providers/proxmox/apis/v1alpha1"
	"karpenter.sh/providers/proxmox/controllers/managedtemplate"
	"karpenter.sh/providers/proxmox/making"
	"karpenter.sh/providers/proxmox/placement"
)

// PVE-013, PVE-022, PVE-027, PVE-029: what the status says of what the regions have.
func TestJudge(t *testing.T) {
	entry := []placement.Entry{{Region: "r1", Host: "a", Template: 1}}
	region := func(out making.Outcome, err error) managedtemplate.Region {
		return managedtemplate.Region{Name: "r1", Outcome: out, Err: err}
	}
	good := region(making.Outcome{Entries: entry, Settled: true}, nil)
	down := managedtemplate.Region{Name: "r2", Err: errors.New("r2 is down")}
	for _, row := range []struct {
		reason  string
		image   string // of before
		facts   managedtemplate.Facts
		status  string
		why     string
		message string
		imageID string
		after   time.Duration
	}{
		{"all is well", "new", managedtemplate.Facts{Regions: []managedtemplate.Region{good}}, "True", "ProxmoxVirtualMachineTemplateReady", "", "new", 5 * time.Minute},
		{"it is the first", "", managedtemplate.Facts{Regions: []managedtemplate.Region{good}}, "True", "ProxmoxVirtualMachineTemplateReady", "", "new", 5 * time.Minute},
		{"the image was replaced", "old", managedtemplate.Facts{Regions: []managedtemplate.Region{good}}, "True", "ProxmoxVirtualMachineTemplateReady", "", "new", 5 * time.Minute},
		{"the old image stays", "old", managedtemplate.Facts{Regions: []managedtemplate.Region{good}, ImageErr: errors.New("locked")}, "True", "ProxmoxVirtualMachineTemplateReady", "Image should be updated: locked", "new", 10 * time.Second},
		{"nothing else tells of the old image", "old", managedtemplate.Facts{Regions: []managedtemplate.Region{good}, Unrecorded: true}, "True", "ProxmoxVirtualMachineTemplateReady", "", "old", 5 * time.Minute},
		{"another region is down", "new", managedtemplate.Facts{Regions: []managedtemplate.Region{good, down}}, "True", "ProxmoxVirtualMachineTemplateReady", "r2 is down", "new", 10 * time.Second},
		{"all regions are down", "", managedtemplate.Facts{Regions: []managedtemplate.Region{down}}, "Unknown", "NodeTemplateClassResolutionError", "There is no image or zone yet: r2 is down", "", 10 * time.Second},
		{
			"the image is on its way", "", managedtemplate.Facts{Regions: []managedtemplate.Region{region(making.Outcome{Waiting: []making.Waiting{{Host: "a", Err: errors.New("404")}}}, nil)}},
			"Unknown", "NodeTemplateClassResolutionError", "There is no image or zone yet: host a of region r1 awaits its image: 404", "", 10 * time.Second,
		},
		{"no storage", "", managedtemplate.Facts{Regions: []managedtemplate.Region{region(making.Outcome{Settled: true}, nil)}}, "Unknown", "NodeTemplateClassResolutionError", "There is no image or zone yet: no host has a storage for images and one for disks of spec.storageIDs", "", 10 * time.Second},
		{"no region", "", managedtemplate.Facts{NoRegion: "r9"}, "Unknown", "NodeTemplateClassResolutionError", "There is no image or zone yet: region r9 is not configured", "", 10 * time.Second},
		{"a machine of others", "", managedtemplate.Facts{Regions: []managedtemplate.Region{region(making.Outcome{Conflict: 7}, nil)}}, "False", "TemplateNameConflict", "machine 7 of region r1 has the name of the template and belongs to somebody else", "", 5 * time.Minute},
	} {
		t.Run(row.reason, func(t *testing.T) {
			row.facts.Image = "new"
			stored := &v1alpha1.ProxmoxTemplate{}
			stored.Status.ImageID = row.image
			v := managedtemplate.Judge(stored, row.facts)
			if string(v.Condition.Status) != row.status || v.Condition.Reason != row.why || v.Condition.Message != row.message || v.ImageID != row.imageID || v.After != row.after {
				t.Errorf("got %+v", v)
			}
			if got := strings.Join(v.Zones, " "); (row.status == "True") != (got == "r1/a/1") {
				t.Errorf("zones %q", got)
			}
		})
	}
}
