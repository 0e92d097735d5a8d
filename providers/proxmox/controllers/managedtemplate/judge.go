// SPDX-License-Identifier: Apache-2.0

package managedtemplate

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/awslabs/operatorpkg/status"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"karpenter.sh/providers/proxmox/apis/v1alpha1"
	"karpenter.sh/providers/proxmox/making"
	"karpenter.sh/providers/proxmox/placement"
)

// Reasons of the condition.
const (
	// ReasonValidation: the spec means nothing.
	ReasonValidation = "TemplateValidation"
	// ReasonNameConflict: a machine of somebody else has the name.
	ReasonNameConflict = "TemplateNameConflict"
	// ReasonUnresolved: there is nothing to clone yet.
	ReasonUnresolved = "NodeTemplateClassResolutionError"
	// ReasonTerminating: something of a deleted template is left.
	ReasonTerminating = "TemplateTerminating"
)

// Facts are what the regions have of a template.
type Facts struct {
	// Image is the ID of the wanted image.
	Image   string
	Regions []Region
	// NoRegion is the region that the template asks for and nobody knows; empty: there is
	// none.
	NoRegion string
	// ImageErr is why an old image could not be deleted.
	ImageErr error
	// Unrecorded means that the image of before may still be there, and that only the status
	// tells of it.
	Unrecorded bool
	// Fetching means that old images wait for one that is being downloaded, or for a pass on
	// the spec that has come meanwhile.
	Fetching bool
	// RecordErr is why nobody can tell which images were fetched; nil: it can be told.
	RecordErr error
	// TrimErr is why the record could not be written.
	TrimErr error
}

// Region is what one of them has.
type Region struct {
	Name string
	making.Outcome
	// Unwanted means that the template is no longer wanted there.
	Unwanted bool
	// Kept means that it is not, but that what is there stays for now.
	Kept bool
	Err  error
}

// settled reports whether all machines are as they are wanted.
func (f Facts) settled() bool {
	return !slices.ContainsFunc(f.Regions, func(r Region) bool {
		return !r.Unwanted && !r.Settled || r.Unwanted && len(r.Entries) > 0
	})
}

// clonable reports whether all is made where it is wanted, and can be cloned somewhere:
// only then other regions can do without.
func (f Facts) clonable() bool {
	return f.settled() && slices.ContainsFunc(f.Regions, func(r Region) bool { return !r.Unwanted && len(r.Entries) > 0 })
}

// failed are the failures that are to be tried again.
func (f Facts) failed() error {
	var errs []error
	for _, r := range f.Regions {
		if !errors.Is(r.Err, making.ErrNoRegion) {
			errs = append(errs, r.Err)
		}
	}
	return errors.Join(append(errs, f.ImageErr, f.TrimErr)...)
}

// problems are what users should know of, in the order of regions.
func (f Facts) problems() []string {
	var out []string
	if f.NoRegion != "" {
		out = append(out, fmt.Sprintf("region %s is not configured", f.NoRegion))
	}
	if f.RecordErr != nil {
		out = append(out, f.RecordErr.Error())
	}
	for _, r := range f.Regions {
		for _, w := range r.Waiting {
			text := fmt.Sprintf("host %s of region %s awaits its image", w.Host, r.Name)
			if w.Err != nil {
				text += ": " + w.Err.Error()
			}
			out = append(out, text)
		}
		if r.Err != nil {
			out = append(out, r.Err.Error())
		}
	}
	if f.ImageErr != nil {
		out = append(out, "Image should be updated: "+f.ImageErr.Error())
	}
	if f.TrimErr != nil {
		out = append(out, f.TrimErr.Error())
	}
	return out
}

// Verdict is what becomes of the status of a template.
type Verdict struct {
	Zones     []string
	ImageID   string
	Condition status.Condition
	// After is when to look again.
	After time.Duration
}

// Judge says what the facts mean for a template (PVE-022, PVE-027, PVE-029). One that can
// be cloned somewhere is ready, whatever is wrong elsewhere or with old images: its message
// tells.
func Judge(t *v1alpha1.ProxmoxTemplate, f Facts) Verdict {
	var entries []placement.Entry
	for _, r := range f.Regions {
		entries = append(entries, r.Entries...)
	}
	v := Verdict{Zones: placement.Texts(entries), ImageID: t.Status.ImageID, After: soon}
	if len(entries) > 0 && (v.ImageID == "" || f.settled() && !f.Unrecorded) {
		v.ImageID = f.Image
	}
	if f.RecordErr != nil {
		v.After = unreadable
	}
	problems := strings.Join(f.problems(), "; ")
	conflict := slices.IndexFunc(f.Regions, func(r Region) bool { return r.Conflict > 0 })
	switch {
	case conflict >= 0:
		r := f.Regions[conflict]
		v.set(metav1.ConditionFalse, ReasonNameConflict, fmt.Sprintf("machine %d of region %s has the name of the template and belongs to somebody else", r.Conflict, r.Name))
		v.After = settled
	case len(entries) == 0:
		if problems == "" {
			problems = "no host has a storage for images and one for disks of spec.storageIDs"
		}
		v.set(metav1.ConditionUnknown, ReasonUnresolved, "There is no image or zone yet: "+problems)
	default:
		v.set(metav1.ConditionTrue, v1alpha1.ConditionMachineTemplateReady, problems)
		if problems == "" && f.settled() && !f.Fetching {
			v.After = settled
		}
	}
	return v
}

// refuse leaves all as it is but for the condition.
func refuse(t *v1alpha1.ProxmoxTemplate, reason, message string) Verdict {
	v := Verdict{Zones: t.Status.Zones, ImageID: t.Status.ImageID, After: settled}
	v.set(metav1.ConditionFalse, reason, message)
	return v
}

func (v *Verdict) set(s metav1.ConditionStatus, reason, message string) {
	v.Condition = status.Condition{Type: v1alpha1.ConditionMachineTemplateReady, Status: s, Reason: reason, Message: message}
}
