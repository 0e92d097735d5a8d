// SPDX-License-Identifier: Apache-2.0

package placement

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"k8s.io/utils/clock"

	"karpenter.sh/core/cloudprovider/kit/cache"
	"karpenter.sh/core/cloudprovider/kit/errortable"
	v1 "karpenter.sh/providers/aws/apis/v1"
	"karpenter.sh/providers/aws/internal/query"
)

// How long a group is fresh, and how long the last one known is used (AWS-360).
const (
	fresh = time.Minute
	kept  = 24 * time.Hour
)

// ErrNotFound says that no placement group is the one that is selected.
var ErrNotFound = errors.New("placement group not found")

// codeUnknown is the code of EC2 for a group that there is not (AWS-300).
const codeUnknown = "InvalidPlacementGroup.Unknown"

// API is what Groups call.
type API interface {
	DescribePlacementGroups(ctx context.Context, in *ec2.DescribePlacementGroupsInput, opts ...func(*ec2.Options)) (*ec2.DescribePlacementGroupsOutput, error)
}

// Options is what Groups are made of.
type Options struct {
	// API is required.
	API API
	// Clock is required.
	Clock clock.PassiveClock
	// Stale is told, once for each time the cloud fails, that the last group known is
	// used for a selector. Nil means nobody is.
	Stale func(selector string, age time.Duration, err error)
	// Random and Metrics are those of cache.Options.
	Random  func() float64
	Metrics *cache.Metrics
}

// Groups find placement groups. They are safe for concurrent use. Close them.
type Groups struct {
	opts  Options
	cache *cache.Cache[selector, Group]
}

// New returns Groups that have read nothing yet.
func New(opts Options) *Groups {
	g := &Groups{opts: opts}
	source := cache.Source[selector, Group]{
		Load:     g.load,
		Negative: func(err error) bool { return errors.Is(err, ErrNotFound) },
	}
	if opts.Stale != nil {
		source.Stale = func(s selector, age time.Duration, err error) { opts.Stale(s.text(), age, err) }
	}
	g.cache = cache.New(cache.Options{
		Name: "placement-groups", TTL: fresh, NegativeTTL: fresh, MaxAge: kept,
		Clock: opts.Clock, Random: opts.Random, Metrics: opts.Metrics,
	}, source)
	return g
}

// Resolve returns the group that a NodeClass selects; nil if it selects none. The
// error is ErrNotFound if there is no such group. While the cloud fails it is the last
// one known, for a day.
func (g *Groups) Resolve(ctx context.Context, nodeClass *v1.EC2NodeClass) (*Group, error) {
	s, selects := selectorOf(nodeClass)
	if !selects {
		return nil, nil
	}
	group, err := g.cache.Get(ctx, s)
	if err != nil {
		return nil, fmt.Errorf("resolving placement group %q of EC2NodeClass %s: %w", s.text(), nodeClass.Name, err)
	}
	return &group, nil
}

// Last returns the group resolved last, without any call; nil if the NodeClass selects
// none. It is not known (false) until Resolve has found it, after it was found
// missing, and a day after the cloud told of it last.
func (g *Groups) Last(nodeClass *v1.EC2NodeClass) (group *Group, known bool) {
	s, selects := selectorOf(nodeClass)
	if !selects {
		return nil, true
	}
	last, ok := g.cache.Peek(s)
	if !ok || last.Err != nil || last.Age > kept {
		return nil, false
	}
	return &last.Value, true
}

// Close ends what is under way.
func (g *Groups) Close() { g.cache.Close() }

// selector is an ID or else a name.
type selector struct{ id, name string }

func (s selector) text() string {
	if s.id != "" {
		return s.id
	}
	return s.name
}

// String is for errors of the cache.
func (s selector) String() string { return s.text() }

// Selector is what a NodeClass names its placement group by, for messages (AWS-080);
// empty if it selects none.
func Selector(nodeClass *v1.EC2NodeClass) string {
	s, _ := selectorOf(nodeClass)
	return s.text()
}

// selectorOf reports false if the NodeClass selects no group. A selector without keys,
// which admission refuses, selects a group that there is not.
func selectorOf(nodeClass *v1.EC2NodeClass) (selector, bool) {
	given := nodeClass.Spec.PlacementGroupSelector
	if given == nil {
		return selector{}, false
	}
	if id := aws.ToString(given.ID); id != "" {
		return selector{id: id}, true
	}
	return selector{name: aws.ToString(given.Name)}, true
}

func (g *Groups) load(ctx context.Context, s selector) (Group, error) {
	in := &ec2.DescribePlacementGroupsInput{Filters: []types.Filter{query.Filter("state", string(types.PlacementGroupStateAvailable))}}
	switch {
	case s.id != "":
		in.GroupIds = []string{s.id}
	case s.name != "":
		in.GroupNames = []string{s.name}
	default:
		return Group{}, ErrNotFound // without a key the call would list all groups
	}
	out, err := g.opts.API.DescribePlacementGroups(ctx, in)
	switch {
	case err != nil && errortable.FailureOf(err).Code == codeUnknown:
		return Group{}, fmt.Errorf("%w: %w", ErrNotFound, err)
	case err != nil:
		return Group{}, fmt.Errorf("describing placement groups: %w", err)
	case len(out.PlacementGroups) == 0:
		return Group{}, ErrNotFound
	}
	found := out.PlacementGroups[0]
	return Group{
		ID: aws.ToString(found.GroupId), Name: aws.ToString(found.GroupName),
		Strategy: string(found.Strategy), Partitions: aws.ToInt32(found.PartitionCount),
	}, nil
}
