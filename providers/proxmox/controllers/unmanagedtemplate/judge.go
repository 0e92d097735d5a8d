// SPDX-License-Identifier: Apache-2.0

package unmanagedtemplate

import (
	"errors"
	"fmt"
	"slices"

	"github.com/awslabs/operatorpkg/status"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"karpenter.sh/providers/proxmox/apis/v1alpha1"
	"karpenter.sh/providers/proxmox/placement"
)

// Reasons of the condition.
const (
	// ReasonNotFound: nothing that can be cloned matches.
	ReasonNotFound = "TemplatesNotFound"
	// ReasonValidation: the spec means nothing.
	ReasonValidation = "TemplateValidation"
	// ReasonUnresolved: nobody can look.
	ReasonUnresolved = "NodeTemplateClassResolutionError"
)

// Region is what was found in one of them.
type Region struct {
	Name    string
	Entries []placement.Entry
	// Problems say why others that match cannot be cloned.
	Problems []error
	// Err is why the region could not be read.
	Err error
	// Online are the hosts that can be reached, There the IDs of all that match.
	Online map[string]bool
	There  map[int]bool
	// Identities are those of what was found, by ID.
	Identities map[int]string
}

func (r *Region) identify(id int, identity string) {
	if r.Identities == nil {
		r.Identities = map[int]string{}
	}
	r.Identities[id] = identity
}

// entries are those that were found, and those of before that nobody could look for
// (PVE-013).
func (r Region) entries(before []placement.Entry) []placement.Entry {
	out := slices.Clone(r.Entries)
	for _, e := range before {
		found := slices.ContainsFunc(r.Entries, func(f placement.Entry) bool { return f.Host == e.Host })
		if e.Region == r.Name && !found && (r.Err != nil || r.There[e.Template] && !r.Online[e.Host]) {
			out = append(out, e)
		}
	}
	return out
}

// Verdict is what becomes of the status of a template.
type Verdict struct {
	Entries   []placement.Entry
	ImageID   string
	Condition status.Condition
	// Found means that this pass found an entry. Without, all are kept from before, and may
	// be those of another spec.
	Found bool
	// Err are the failures of regions that are to be read again.
	Err error
}

// Judge says what was found means for a template (PVE-031, PVE-082). One that can be cloned
// somewhere is ready; its message tells why it cannot elsewhere.
func Judge(t *v1alpha1.ProxmoxUnmanagedTemplate, read []Region) Verdict {
	v := Verdict{Condition: status.Condition{Type: v1alpha1.ConditionMachineTemplateReady, Status: metav1.ConditionFalse}}
	before := placement.Entries(t.Status.Zones)
	if problem := refused(t); problem != "" {
		v.Entries, v.ImageID = before, t.Status.ImageID
		v.Condition.Reason, v.Condition.Message = ReasonValidation, problem
		return v
	}
	if len(read) == 0 && t.Spec.Region != "" {
		v.Entries, v.ImageID = before, t.Status.ImageID
		v.Condition.Status, v.Condition.Reason = metav1.ConditionUnknown, ReasonUnresolved
		v.Condition.Message = fmt.Sprintf("region %s is not configured", t.Spec.Region)
		return v
	}
	var problems, failures []error
	identities := map[string]bool{}
	for _, r := range read {
		entries := r.entries(before)
		v.Entries = append(v.Entries, entries...)
		problems, failures = append(problems, r.Problems...), append(failures, r.Err)
		for _, e := range r.Entries {
			v.Found = true
			identities[r.Identities[e.Template]] = true
			v.ImageID = r.Identities[e.Template]
		}
	}
	switch {
	case len(identities) > 1:
		v.ImageID = "" // there is no one identity
	case len(identities) == 0 && len(v.Entries) > 0:
		v.ImageID = t.Status.ImageID
	}
	v.Err = errors.Join(failures...)
	message := ""
	if err := errors.Join(append(problems, v.Err)...); err != nil {
		message = err.Error()
	}
	v.conclude(t, message)
	return v
}

// conclude sets the condition from what was found; the message tells what went wrong.
func (v *Verdict) conclude(t *v1alpha1.ProxmoxUnmanagedTemplate, message string) {
	c := &v.Condition
	c.Message = message
	switch {
	case len(v.Entries) > 0:
		c.Status, c.Reason = metav1.ConditionTrue, v1alpha1.ConditionMachineTemplateReady
	case v.Err != nil:
		c.Status, c.Reason = metav1.ConditionUnknown, ReasonUnresolved
	default:
		c.Reason = ReasonNotFound
		if message == "" {
			c.Message = fmt.Sprintf("no template has the name %q and the tags %q", t.Spec.TemplateName, t.Spec.Tags)
		}
	}
}

// refused says what is wrong with a spec; empty: nothing.
func refused(t *v1alpha1.ProxmoxUnmanagedTemplate) string {
	if problems := t.UnreadableSpec(); len(problems) > 0 {
		return problems[0].String()
	}
	if t.Spec.TemplateName == "" && len(t.Spec.Tags) == 0 {
		return "at least one of templateName or tags must be specified"
	}
	return ""
}
