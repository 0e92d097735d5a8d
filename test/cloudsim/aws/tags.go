// SPDX-License-Identifier: Apache-2.0

package aws

import (
	"maps"
	"slices"
	"strings"

	"karpenter.sh/test/cloudsim/wire"
)

// maxTags is how many tags of users a resource may have.
const maxTags = 50

func tagTrees(tags map[string]string) []wire.Tree {
	out := make([]wire.Tree, 0, len(tags))
	for _, key := range slices.Sorted(maps.Keys(tags)) {
		out = append(out, wire.Tree{"Key": key, "Value": tags[key]})
	}
	return out
}

func readTags(trees []wire.Tree) (map[string]string, error) {
	tags := map[string]string{}
	for _, t := range trees {
		key := t.Str("Key")
		switch {
		case key == "" || len(key) > 128:
			return nil, wire.Errorf("InvalidParameterValue", "Tag keys must be between 1 and 128 characters long: '%s'", key)
		case len(t.Str("Value")) > 256:
			return nil, wire.Errorf("InvalidParameterValue", "Tag value exceeds the maximum length of 256 characters: '%s'", key)
		case strings.HasPrefix(strings.ToLower(key), "aws:"):
			return nil, wire.Errorf("InvalidParameterValue", "Tag keys starting with 'aws:' are reserved for internal use")
		}
		if _, twice := tags[key]; twice {
			return nil, wire.Errorf("InvalidParameterValue", "Duplicate tag key '%s' specified.", key)
		}
		tags[key] = t.Str("Value")
	}
	if len(tags) > maxTags {
		return nil, wire.Errorf("TagLimitExceeded", "The maximum number of tags for a resource is %d", maxTags)
	}
	return tags, nil
}

// tagsFor are the tags that specifications give to a kind of resource.
func tagsFor(specifications []wire.Tree, kind string) (map[string]string, error) {
	tags := map[string]string{}
	for _, s := range specifications {
		read, err := readTags(s.Trees("Tags"))
		if err != nil {
			return nil, err
		}
		if s.Str("ResourceType") == kind {
			maps.Copy(tags, read)
		}
	}
	return tags, nil
}

// createTags tags instances and launch templates. All exist, or nothing is tagged.
func createTags(r *request) (wire.Tree, error) {
	tags, err := readTags(r.in.Trees("Tags"))
	if err != nil {
		return nil, err
	}
	var targets []*tagged
	for _, id := range r.in.Strs("Resources") {
		target, err := r.taggable(id)
		if err != nil {
			return nil, err
		}
		targets = append(targets, target)
	}
	if err := r.dry(); err != nil {
		return nil, err
	}
	for _, t := range targets {
		t.add(tags, r.now)
	}
	return nil, nil
}

func (r *request) taggable(id string) (*tagged, error) {
	if i := r.instances.all[id]; i != nil && i.state(r.now) != stateGone {
		return &i.tagged, nil
	}
	if t := r.templates.byID[id]; t != nil {
		return &t.tagged, nil
	}
	switch {
	case strings.HasPrefix(id, "i-"):
		return nil, wire.Errorf("InvalidInstanceID.NotFound", "The instance ID '%s' does not exist", id)
	case strings.HasPrefix(id, "lt-"):
		return nil, wire.Errorf("InvalidLaunchTemplateId.NotFound", "The launch template ID '%s' does not exist", id)
	}
	return nil, wire.Errorf("InvalidID", "The ID '%s' is not valid", id)
}
