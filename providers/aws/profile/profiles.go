// SPDX-License-Identifier: Apache-2.0

package profile

import (
	"context"
	"errors"
	"fmt"
	"time"

	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/uuid"
	"k8s.io/utils/clock"

	v1 "karpenter.sh/providers/aws/apis/v1"

	"karpenter.sh/core/cloudprovider/kit/cache"
)

// How long things are remembered (AWS-342, AWS-343).
const (
	lookupTTL  = 15 * time.Minute
	madeFor    = time.Minute
	missingFor = time.Minute
	protection = time.Hour
	// remembered bounds each memory.
	remembered = 1000
)

// ErrRoleNotFound says that IAM has no role of the name that a NodeClass gives.
var ErrRoleNotFound = errors.New("there is no such role")

// Options are what Profiles work with. API, Scope and Clock are required.
type Options struct {
	API API
	// Scope is whose profiles these are.
	Scope Scope
	// Isolated says that IAM cannot be reached, as in an isolated VPC: nothing is
	// cleaned up (AWS-094, AWS-343).
	Isolated bool
	Clock    clock.PassiveClock
	// NewID makes the names of profiles unique; nil means random UUIDs.
	NewID func() string
	// Random spreads look-ups, as in cache.Options; nil means no spread.
	Random func() float64
	// Metrics of the caches; nil means none.
	Metrics *cache.Metrics
}

// Profiles finds, makes and deletes instance profiles. It is safe for concurrent use,
// but makes a profile for each of two concurrent calls for one NodeClass. Close it.
type Profiles struct {
	opts Options
	// lookups are what IAM says of profiles, by name.
	lookups *cache.Cache[string, Profile]
	// made are the latest profile for each purpose, drafts included.
	made *cache.Cache[purpose, making]
	// missing are roles that IAM did not know.
	missing *cache.Cache[string, struct{}]
	// protected are new profiles and replaced ones.
	protected *cache.Cache[string, struct{}]
}

// purpose is what a profile is made for.
type purpose struct {
	nodeClass types.UID
	role      string
}

// making is a profile that is made, or is yet a draft.
type making struct {
	name  string
	draft bool
}

// New returns Profiles that remember nothing.
func New(o Options) *Profiles {
	if o.NewID == nil {
		o.NewID = func() string { return string(uuid.NewUUID()) }
	}
	p := &Profiles{opts: o}
	p.lookups = cache.New(cache.Options{
		Name: "instance-profiles", TTL: lookupTTL, MaxEntries: remembered, Clock: o.Clock, Random: o.Random, Metrics: o.Metrics,
	}, cache.Source[string, Profile]{
		Load:     p.get,
		Negative: func(err error) bool { return coded(err, codeMissing) },
	})
	p.made = memory[purpose, making](o.Clock)
	p.missing = memory[string, struct{}](o.Clock)
	p.protected = memory[string, struct{}](o.Clock)
	return p
}

// memory holds what it is told, and reads nothing.
func memory[K comparable, V any](c clock.PassiveClock) *cache.Cache[K, V] {
	return cache.New(cache.Options{MaxEntries: remembered, Clock: c}, cache.Source[K, V]{})
}

// Close ends reads under way.
func (p *Profiles) Close() { p.lookups.Close() }

// Ensure returns the name of the profile for machines of a NodeClass, for its status
// (AWS-340). If the NodeClass names a role, the profile is there and has that role;
// if need be it is made. ErrRoleNotFound says that the role is missing; other errors
// are IAM's. Retry after either.
func (p *Profiles) Ensure(ctx context.Context, nodeClass *v1.EC2NodeClass) (string, error) {
	name, err := p.wanted(ctx, nodeClass)
	if err != nil {
		return "", fmt.Errorf("ensuring the instance profile of %s %s: %w", v1.NodeClassKind, nodeClass.Name, err)
	}
	if before := nodeClass.Status.InstanceProfile; before != "" && before != name {
		p.protect(before) // a launch under way may use it
	}
	return name, nil
}

func (p *Profiles) wanted(ctx context.Context, nodeClass *v1.EC2NodeClass) (string, error) {
	if own := nodeClass.Spec.InstanceProfile; own != nil {
		return *own, nil
	}
	role, err := roleName(nodeClass.Spec.Role)
	if err != nil {
		return "", err
	}
	// What was made a moment ago comes first: IAM may not show it yet, and the write
	// of the status that was to tell of it may have been lost.
	made, known := p.made.Peek(purpose{nodeClass.UID, role})
	if known && !made.Value.draft && made.Age < madeFor {
		return made.Value.name, nil
	}
	current := nodeClass.Status.InstanceProfile
	fits, err := p.fits(ctx, current, role)
	if err != nil || fits {
		return current, err
	}
	return p.make(ctx, nodeClass, role)
}

// fits reports whether the profile is there and has the role.
func (p *Profiles) fits(ctx context.Context, name, role string) (bool, error) {
	if name == "" {
		return false, nil
	}
	found, err := p.lookups.Get(ctx, name)
	if coded(err, codeMissing) {
		return false, nil
	}
	return found.holds(role), err
}

// Invalidate forgets what IAM said of a profile. Call it when EC2 refuses a profile,
// so that one that was deleted behind our back is made anew without waiting for its
// look-up to grow old.
func (p *Profiles) Invalidate(name string) { p.lookups.Invalidate(name) }

// Protected reports whether a profile was made or replaced in the last hour
// (AWS-343).
func (p *Profiles) Protected(name string) bool {
	known, ok := p.protected.Peek(name)
	return ok && known.Age < protection
}

func (p *Profiles) protect(name string) { p.protected.Put(name, struct{}{}) }
