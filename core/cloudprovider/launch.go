// SPDX-License-Identifier: Apache-2.0

package cloudprovider

import (
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/apis/vocabulary"
	"karpenter.sh/core/engine/requirement"
)

// DefaultLaunchTimeout is how long a NodeClaim may take to launch unless the provider says
// otherwise (LIF-009): a call of Create is cancelled after it.
const DefaultLaunchTimeout = 5 * time.Minute

// LaunchTimer is the optional capability of a provider whose machines may take longer to
// launch, or are to take less.
type LaunchTimer interface {
	// LaunchTimeout is how long a launch may take, retries included; always the same.
	// Registration must end within 15 min of the NodeClaim's creation all the same
	// (LIF-110).
	LaunchTimeout() time.Duration
}

// LaunchTimeoutOf returns the provider's launch timeout, looking through layers.
func LaunchTimeoutOf(provider CloudProvider) time.Duration {
	if p, ok := capability[LaunchTimer](provider); ok {
		return p.LaunchTimeout()
	}
	return DefaultLaunchTimeout
}

// LaunchRequest is what a machine must offer to serve a NodeClaim.
type LaunchRequest struct {
	// Requirements are those of the NodeClaim.
	Requirements requirement.Requirements
	// Resources are the requests of the NodeClaim.
	Resources corev1.ResourceList
	// Open are the keys that the requirements may leave undefined: the
	// well-known labels.
	Open requirement.MayBeUndefined
}

// Launchable returns the available offerings that would serve the request
// (CP-013): the type and the offering are compatible, and what a machine bought
// through this offering has holds the requests. Empty means not launchable.
func (it *InstanceType) Launchable(r LaunchRequest) Offerings {
	if !it.Requirements.Overlaps(r.Requirements) {
		return nil
	}
	var out Offerings
	for _, g := range it.Groups() {
		if len(g.Offerings) > 0 && g.Fits(r.Resources) {
			out = append(out, g.Offerings.Compatible(r.Requirements, r.Open)...)
		}
	}
	return out
}

// LaunchLabels are the labels of a machine bought through an offering (CP-019):
// what type and offering decide. What the offering says goes before the type,
// so that a machine never carries the labels of a reservation it is not in.
func LaunchLabels(it *InstanceType, o *Offering) map[string]string {
	return it.Requirements.Without(o.Requirements.Has).Intersect(o.Requirements).Labels()
}

// LaunchRequestOf reads the request from a NodeClaim, with aliases replaced by
// what they stand for (API-076). The error names the requirement that cannot be
// read.
func LaunchRequestOf(nodeClaim *v1.NodeClaim, words *vocabulary.Vocabulary) (LaunchRequest, error) {
	reqs, err := RequirementsOf(nodeClaim.Spec.Requirements, words)
	if err != nil {
		return LaunchRequest{}, fmt.Errorf("reading the requirements of NodeClaim %s: %w", nodeClaim.Name, err)
	}
	return LaunchRequest{
		Requirements: reqs,
		Resources:    nodeClaim.Spec.Resources.Requests,
		Open:         words.IsWellKnown,
	}, nil
}

// RequirementsOf reads requirements as they are written, with aliases of keys and
// values replaced by what they stand for (API-076). The error names the requirement
// that cannot be read.
func RequirementsOf(written []v1.NodeSelectorRequirementWithMinValues, words *vocabulary.Vocabulary) (requirement.Requirements, error) {
	reqs := make([]requirement.Requirement, 0, len(written))
	for _, w := range written {
		req, err := read(w, words)
		if err != nil {
			return requirement.Requirements{}, err
		}
		reqs = append(reqs, req)
	}
	return requirement.All(reqs...), nil
}

func read(written v1.NodeSelectorRequirementWithMinValues, words *vocabulary.Vocabulary) (requirement.Requirement, error) {
	values := make([]string, len(written.Values))
	for i, value := range written.Values {
		_, values[i] = words.Normalize(written.Key, value)
	}
	req, err := requirement.New(words.NormalizeKey(written.Key), requirement.Operator(written.Operator), values...)
	if err == nil && written.MinValues != nil {
		req = req.WithMinValues(*written.MinValues)
	}
	return req, err
}
