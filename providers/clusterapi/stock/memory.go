// SPDX-License-Identifier: Apache-2.0

package stock

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"

	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/cloudprovider/kit/catalogue"
	"karpenter.sh/providers/clusterapi/capi"
	"karpenter.sh/providers/clusterapi/claim"
	"karpenter.sh/providers/clusterapi/instancetype"
)

// shapes remembers what deployments were read as, and what they were when they could be
// read last.
type shapes struct {
	mu    sync.Mutex
	known map[types.UID]reading
	// made counts the shapes, which are numbered by it.
	made uint64
}

// reading is what a version of a deployment was read as.
type reading struct {
	version string
	facts   instancetype.Facts  // that were told last
	told    bool                // false: none ever were
	shape   *instancetype.Shape // the last that could be read
	read    bool                // false: none could yet, and the shape is of labels only
	number  uint64              // of the shape: another one has another number
	err     error
}

func newShapes() *shapes { return &shapes{known: map[types.UID]reading{}} }

// of reads a deployment with its facts, or, if they could not be told, with those that were
// told last; unless this version of it was read already with the same. An equal shape keeps
// its pointer. What no process before has remembered is of no size: its type must not seem to
// be gone after a restart.
func (s *shapes) of(d *capi.MachineDeployment, facts instancetype.Facts, untold error) reading {
	s.mu.Lock()
	defer s.mu.Unlock()
	r, ok := s.known[d.UID]
	if untold != nil {
		facts = r.facts // an error comes with none
	}
	r.told = r.told || untold == nil
	if ok && r.version == d.ResourceVersion && d.ResourceVersion != "" && equality.Semantic.DeepEqual(r.facts, facts) {
		s.known[d.UID] = r
		return r
	}
	shape, err := instancetype.Read(d, facts)
	known := err == nil
	if r.read = r.read || known; !r.read {
		shape, known = instancetype.Unsized(d, facts)
	}
	if known && (r.shape == nil || !equality.Semantic.DeepEqual(*r.shape, shape)) {
		s.made++
		r.shape, r.number = &shape, s.made
	}
	r.version, r.facts, r.err = d.ResourceVersion, facts, err
	s.known[d.UID] = r
	return r
}

// keep forgets all deployments but those that are present.
func (s *shapes) keep(present map[types.UID]bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	maps.DeleteFunc(s.known, func(uid types.UID, _ reading) bool { return !present[uid] })
}

// latest are the types that were compiled last for an asker.
type latest struct {
	mu    sync.Mutex
	types []*cloudprovider.InstanceType
}

// merge replaces compiled types by those of before that are equal.
func (l *latest) merge(compiled []*cloudprovider.InstanceType) []*cloudprovider.InstanceType {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.types = catalogue.Reuse(l.types, compiled)
	return l.types
}

// key tells what types were compiled of.
type key struct {
	// asker is what the asker sees, and all that and the shapes with what can be had.
	asker, all string
}

func keyOf(deployments []Deployment, asker instancetype.Asker, available instancetype.Available) key {
	var seen, all strings.Builder
	keys := map[string]bool{}
	for _, d := range deployments {
		if d.Shape == nil {
			continue
		}
		for key := range d.Shape.Labels {
			if asker.Sees(asker.Words.NormalizeKey(key)) {
				keys[key] = true
			}
		}
		fmt.Fprintf(&all, "%d %t;", d.number, asker.Accepts(d.Shape) && available(d.Name()))
	}
	for _, key := range slices.Sorted(maps.Keys(keys)) {
		seen.WriteString(key + ",")
	}
	return key{asker: seen.String(), all: seen.String() + "|" + all.String()}
}

// idle remembers for a moment which deployments have a Machine that nobody has.
type idle struct {
	opts  Options
	mu    sync.Mutex
	known map[types.NamespacedName]look
}

type look struct {
	at    time.Time
	found bool
}

// lookEvery is how long a look is believed.
const lookEvery = time.Second

func (i *idle) of(ctx context.Context, deployment types.NamespacedName) bool {
	now := i.opts.Clock.Now()
	if found, fresh := i.last(deployment, now); fresh {
		return found
	}
	inv, err := i.opts.Inventory.Cached(ctx, deployment)                              // not in turn: it may have to wait for an answer
	found := err == nil && slices.ContainsFunc(inv.Machines, claim.Candidate.Surplus) // what cannot be read is not to be had
	i.mu.Lock()
	defer i.mu.Unlock()
	i.known[deployment] = look{now, found}
	return found
}

// last is what was found not long ago. Older looks are forgotten.
func (i *idle) last(deployment types.NamespacedName, now time.Time) (found, fresh bool) {
	i.mu.Lock()
	defer i.mu.Unlock()
	maps.DeleteFunc(i.known, func(_ types.NamespacedName, l look) bool { return now.Sub(l.at) >= lookEvery })
	l, ok := i.known[deployment]
	return l.found, ok
}

func labelsOf(d *capi.MachineDeployment) labels.Set { return d.Labels }
