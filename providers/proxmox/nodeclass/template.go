// SPDX-License-Identifier: Apache-2.0

package nodeclass

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/awslabs/operatorpkg/status"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"karpenter.sh/core/cloudprovider/kit/nodeclass/resolution"
	"karpenter.sh/providers/proxmox/apis/v1alpha1"
	"karpenter.sh/providers/proxmox/placement"
	"karpenter.sh/providers/proxmox/pve"
)

// Reasons of InstanceTemplateReady.
const (
	// ReasonTemplatesNotFound: there is no such template, or no host that can clone it.
	ReasonTemplatesNotFound = "TemplatesNotFound"
	// ReasonTemplateNotReady: the template is there, and not ready.
	ReasonTemplateNotReady = "TemplateNotReady"
)

// zonesEvery is how often zones are selected anew (PVE-018).
const zonesEvery = 15 * time.Second

// Storages are those of a region as they were read last; false: they never were.
type Storages func(region string) ([]pve.Storage, bool)

// template resolves InstanceTemplateReady.
type template struct {
	reader   client.Reader
	storages Storages
}

// Template returns the resolver of InstanceTemplateReady, which also selects the zones. It
// reads templates from the cache.
func Template(reader client.Reader, storages Storages) resolution.Resolver[*v1alpha1.ProxmoxNodeClass] {
	return template{reader, storages}
}

// Condition implements resolution.Resolver.
func (template) Condition() string { return v1alpha1.ConditionInstanceTemplateReady }

// Resolve implements resolution.Resolver (PVE-018, PVE-019).
func (t template) Resolve(ctx context.Context, nodeClass *v1alpha1.ProxmoxNodeClass) (resolution.Outcome, error) {
	ref := nodeClass.Spec.InstanceTemplateRef
	if ref == nil {
		return notFound(nodeClass, "spec.instanceTemplateRef names no template"), nil
	}
	found, err := t.find(ctx, *ref)
	if apierrors.IsNotFound(err) {
		return notFound(nodeClass, fmt.Sprintf("there is no %s %s", ref.Kind, ref.Name)), nil
	}
	if err != nil {
		return resolution.Outcome{}, err
	}
	selected := t.selected(nodeClass, placement.Entries(found.zones))
	nodeClass.Status.SelectedZones, nodeClass.Status.Resources.Zones = placement.Texts(selected), int32(len(selected)) //nolint:gosec // hosts are few
	switch {
	case found.problem != "":
		return resolution.False(ReasonTemplateNotReady, fmt.Sprintf("%s %s is not ready: %s", ref.Kind, ref.Name, found.problem), zonesEvery), nil
	case len(selected) == 0:
		return resolution.False(ReasonTemplatesNotFound, nowhere(nodeClass, found.zones), zonesEvery), nil
	}
	return resolution.True(zonesEvery), nil
}

func notFound(nodeClass *v1alpha1.ProxmoxNodeClass, message string) resolution.Outcome {
	nodeClass.Status.SelectedZones, nodeClass.Status.Resources.Zones = nil, 0
	return resolution.False(ReasonTemplatesNotFound, message, zonesEvery)
}

// nowhere says why no zone is left.
func nowhere(nodeClass *v1alpha1.ProxmoxNodeClass, zones []string) string {
	spec := nodeClass.Spec
	text := fmt.Sprintf("of the zones %v of %s %s none", zones, spec.InstanceTemplateRef.Kind, spec.InstanceTemplateRef.Name)
	if spec.Region != "" {
		text += " is in region " + spec.Region
	}
	if storage := spec.BootDeviceStorage(); storage != "" {
		text += fmt.Sprintf(" has storage %q for disks", storage)
	}
	return text
}

// resolved is a template of either kind.
type resolved struct {
	zones []string
	// problem is why it is not ready; empty: it is.
	problem string
}

func (t template) find(ctx context.Context, ref v1alpha1.InstanceTemplateRef) (resolved, error) {
	var object interface {
		status.Object
		client.Object
	}
	var zones *[]string
	switch ref.Kind {
	case v1alpha1.TemplateKind:
		managed := &v1alpha1.ProxmoxTemplate{}
		object, zones = managed, &managed.Status.Zones
	case v1alpha1.UnmanagedTemplateKind:
		unmanaged := &v1alpha1.ProxmoxUnmanagedTemplate{}
		object, zones = unmanaged, &unmanaged.Status.Zones
	default:
		return resolved{problem: "there is no such kind of template"}, nil
	}
	if err := t.reader.Get(ctx, client.ObjectKey{Name: ref.Name}, object); err != nil {
		return resolved{}, fmt.Errorf("reading %s %s: %w", ref.Kind, ref.Name, err)
	}
	out := resolved{zones: *zones, problem: "it has not been looked at yet"}
	if !object.GetDeletionTimestamp().IsZero() {
		out.problem = "it is being deleted"
		return out, nil
	}
	for _, c := range object.GetConditions() {
		switch {
		case c.Type == v1alpha1.ConditionMachineTemplateReady && c.IsTrue():
			out.problem = ""
		case c.Type == v1alpha1.ConditionMachineTemplateReady:
			out.problem = c.Reason + " " + c.Message
		}
	}
	return out, nil
}

// selected are the entries that the NodeClass can use. Of a region whose storages were
// never read those of before stay (PVE-013).
func (t template) selected(nodeClass *v1alpha1.ProxmoxNodeClass, entries []placement.Entry) []placement.Entry {
	rule := placement.Rule{Region: nodeClass.Spec.Region, Storage: nodeClass.Spec.BootDeviceStorage()}
	storages, before := map[string][]pve.Storage{}, placement.Entries(nodeClass.Status.SelectedZones)
	var kept []placement.Entry
	for _, e := range entries {
		if _, asked := storages[e.Region]; asked || rule.Storage == "" {
			continue
		}
		read, known := t.storages(e.Region)
		storages[e.Region] = read
		if known {
			continue
		}
		for _, b := range before {
			if b.Region == e.Region && (rule.Region == "" || rule.Region == b.Region) && slices.Contains(entries, b) {
				kept = append(kept, b)
			}
		}
	}
	return append(placement.Select(entries, rule, storages), kept...)
}
