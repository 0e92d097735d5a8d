// SPDX-License-Identifier: Apache-2.0

package making

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"

	"karpenter.sh/providers/proxmox/apis/v1alpha1"
)

// Record says which images may have been fetched for a template: their IDs, by region. It
// is an annotation of the template, written before anything is fetched, so that an image
// that was replaced before it was used is not forgotten (PVE-029).
type Record map[string][]string

// ErrRecord means that the annotation makes no sense. It must not be overwritten: only a
// user can tell what it should say.
var ErrRecord = errors.New("annotation " + v1alpha1.AnnotationTemplateImages + " cannot be read; no image is fetched, and the template does not end, until it is mended or removed")

// imageID is what IDs of images look like (PVE-023): a hash of ten digits or more, which one in
// twenty billion lacks, before the first dot, and a format that disks are imported from.
// Versions of a distribution and days have fewer digits: whoever may annotate templates shall not
// have images deleted that an administrator named.
var imageID = regexp.MustCompile(`(?s)^[^.]*-[0-9]{10,20}\.(.*\.)?(qcow2|raw|vmdk)$`)

// RecordOf reads the record of a template; there is none at first. The error is ErrRecord.
func RecordOf(t *v1alpha1.ProxmoxTemplate) (Record, error) {
	text := t.Annotations[v1alpha1.AnnotationTemplateImages]
	if text == "" {
		return Record{}, nil
	}
	out := Record{}
	if err := json.Unmarshal([]byte(text), &out); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrRecord, err)
	}
	for _, region := range out.Regions() {
		for _, id := range out[region] {
			if !imageID.MatchString(id) {
				return nil, fmt.Errorf("%w: region %s: %q is no ID of an image", ErrRecord, region, id)
			}
		}
	}
	if out == nil { // it says null
		out = Record{}
	}
	return out, nil
}

// Regions are those with images, in order.
func (r Record) Regions() []string { return slices.Sorted(maps.Keys(r)) }

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
	text, err := json.Marshal(r)
	if err != nil {
		return nil, fmt.Errorf("recording the images of template %s: %w", t.Name, err)
	}
	if out.Annotations == nil {
		out.Annotations = map[string]string{}
	}
	out.Annotations[v1alpha1.AnnotationTemplateImages] = string(text)
	return out, nil
}
