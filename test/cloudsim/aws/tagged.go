// SPDX-License-Identifier: Apache-2.0

package aws

import (
	"maps"
	"time"

	"karpenter.sh/test/cloudsim/lag"
)

// kinds of resources whose reads can be late.
const (
	lagInstance = "instance"
	lagTemplate = "launch-template"
	lagProfile  = "instance-profile"
	lagTags     = "tags"
)

// tagged are the tags of a resource. Maps are shared and never changed.
type tagged struct {
	tags   map[string]string
	before map[string]string // what late reads still see
	since  time.Time         // of the last change; zero: since creation
}

func (t *tagged) add(tags map[string]string, now time.Time) {
	t.before = t.tags
	t.since = now
	t.tags = maps.Clone(t.tags)
	if t.tags == nil {
		t.tags = map[string]string{}
	}
	maps.Copy(t.tags, tags)
}

func (t *tagged) read(d *lag.Delays, now time.Time) map[string]string {
	if !t.since.IsZero() && !d.Shows(lagTags, t.since, now) {
		return t.before
	}
	return t.tags
}
