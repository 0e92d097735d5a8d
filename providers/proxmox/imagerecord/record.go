// SPDX-License-Identifier: Apache-2.0

package imagerecord

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"

	"k8s.io/apimachinery/pkg/types"

	"karpenter.sh/core/reconcile/patch"
	"karpenter.sh/providers/proxmox/apis/v1alpha1"
)

// Record says which images may have been fetched for a template: their IDs, by region. It
// is an annotation of the template, written before anything is fetched, so that an image
// that was replaced before it was used is not forgotten (PVE-029).
type Record map[string][]string

// ErrUnreadable means that the annotation makes no sense. It must not be overwritten: only a
// user can tell what it should say.
var ErrUnreadable = errors.New("annotation " + v1alpha1.AnnotationTemplateImages + " cannot be read; no image is fetched until it is mended or removed")

// stored is the annotation. Copies of the object have it too, but fetched nothing: whose it
// is tells the UID.
type stored struct {
	UID    types.UID `json:"uid"`
	Images Record    `json:"images"`
}

// imageID is what IDs of images look like (PVE-023): a hash of ten digits or more, which one in
// twenty billion lacks, before the first dot, and a format that disks are imported from.
// Versions of a distribution and days have fewer digits: whoever may annotate templates shall not
// have images deleted that an administrator named.
var imageID = regexp.MustCompile(`(?s)^[^.]*-[0-9]{10,20}\.(.*\.)?(qcow2|raw|vmdk)$`)

// Of reads the record of a template; there is none at first, and the one of another object,
// such as the original of a copy, is none. The error is ErrUnreadable.
func Of(t *v1alpha1.ProxmoxTemplate) (Record, error) {
	text := t.Annotations[v1alpha1.AnnotationTemplateImages]
	if text == "" {
		return Record{}, nil
	}
	var in stored
	if err := json.Unmarshal([]byte(text), &in); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrUnreadable, err)
	}
	if in.UID != t.UID || in.Images == nil {
		return Record{}, nil
	}
	for _, region := range in.Images.Regions() {
		for _, id := range in.Images[region] {
			if !imageID.MatchString(id) {
				return nil, fmt.Errorf("%w: region %s: %q is no ID of an image", ErrUnreadable, region, id)
			}
		}
	}
	return in.Images, nil
}

// Regions are those with images, in order.
func (r Record) Regions() []string { return slices.Sorted(maps.Keys(r)) }

// Equal reports whether two records say the same.
func (r Record) Equal(other Record) bool { return maps.EqualFunc(r, other, slices.Equal) }

// With is the record with one more image in some regions.
func (r Record) With(image string, regions []string) Record {
	out := Record{}
	maps.Copy(out, r)
	for _, region := range regions {
		if !slices.Contains(out[region], image) {
			out[region] = slices.Sorted(slices.Values(append(slices.Clone(out[region]), image)))
		}
	}
	return out
}

// Without is the record without some images of a region.
func (r Record) Without(region string, images []string) Record {
	out := Record{}
	maps.Copy(out, r)
	out[region] = slices.DeleteFunc(slices.Clone(out[region]), func(id string) bool { return slices.Contains(images, id) })
	if len(out[region]) == 0 {
		delete(out, region)
	}
	return out
}

// On is a copy of a template with the record.
func (r Record) On(t *v1alpha1.ProxmoxTemplate) (*v1alpha1.ProxmoxTemplate, error) {
	out := t.DeepCopy()
	if len(r) == 0 {
		delete(out.Annotations, v1alpha1.AnnotationTemplateImages)
		return out, nil
	}
	text, err := json.Marshal(stored{t.UID, r})
	if err != nil {
		return nil, fmt.Errorf("recording the images of template %s: %w", t.Name, err)
	}
	if out.Annotations == nil {
		out.Annotations = map[string]string{}
	}
	out.Annotations[v1alpha1.AnnotationTemplateImages] = string(text)
	return out, nil
}

// Unchanged is the condition under which a record that was made from one that was read may
// be stored: nobody else wrote one meanwhile, and the spec is the one that was read, for
// which an image may be recorded already.
func Unchanged() patch.Condition {
	return patch.If([]string{"metadata", "generation"}, []string{"metadata", "annotations", v1alpha1.AnnotationTemplateImages})
}
