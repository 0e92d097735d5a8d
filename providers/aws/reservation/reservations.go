// SPDX-License-Identifier: Apache-2.0

package reservation

import (
	"context"
	"encoding/json"
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

const (
	fresh = time.Minute // AWS-350
	page  = 1000        // AWS-420
)

// codeNotFound is the code of EC2 for a reservation that there is not (AWS-300).
const codeNotFound = "InvalidCapacityReservationId.NotFound"

// errNotFound says that there is no reservation of an ID.
var errNotFound = errors.New("capacity reservation not found")

// API is what Reservations call.
type API interface {
	DescribeCapacityReservations(ctx context.Context, in *ec2.DescribeCapacityReservationsInput, opts ...func(*ec2.Options)) (*ec2.DescribeCapacityReservationsOutput, error)
}

// Options is what Reservations are made of.
type Options struct {
	// API is required.
	API API
	// Clock is required.
	Clock clock.PassiveClock
	// Enabled is the gate ReservedCapacity (AWS-433).
	Enabled bool
	// Counts take the reading that each answer is; required.
	Counts *Counts
	// Unknown is told of a reservation that is left out because it has a value that is
	// not known, once for each. Nil means nobody is.
	Unknown func(Unknown)
	// Random and Metrics are those of cache.Options.
	Random  func() float64
	Metrics *cache.Metrics
}

// Reservations list capacity reservations. They are safe for concurrent use. Close
// them.
type Reservations struct {
	opts    Options
	cache   *cache.Cache[term, []types.CapacityReservation]
	unknown *once
}

// term is a selector term in JSON, and so a query: NodeClasses that have it share the
// answer.
type term string

// New returns Reservations that have read nothing yet.
func New(opts Options) *Reservations {
	r := &Reservations{opts: opts, unknown: newOnce()}
	r.cache = cache.New(cache.Options{
		Name: "capacity-reservations", TTL: fresh, NegativeTTL: fresh, MaxAge: fresh,
		Clock: opts.Clock, Random: opts.Random, Metrics: opts.Metrics,
	}, cache.Source[term, []types.CapacityReservation]{
		Load:     r.load,
		Negative: func(err error) bool { return errors.Is(err, errNotFound) },
	})
	return r
}

// List returns the reservations that a NodeClass selects and that take launches or did
// until a while ago (AWS-351), by ID; empty if there are none. An error of the API is
// returned once what is at hand is older than a minute.
func (r *Reservations) List(ctx context.Context, nodeClass *v1.EC2NodeClass) ([]v1.CapacityReservation, error) {
	if !r.opts.Enabled {
		return nil, nil
	}
	terms, err := termsOf(nodeClass)
	if err != nil {
		return nil, err
	}
	found, err := query.Each(ctx, terms, r.ask)
	if err != nil {
		return nil, fmt.Errorf("listing the capacity reservations of EC2NodeClass %s: %w", nodeClass.Name, err)
	}
	found = query.Unique(found, func(c types.CapacityReservation) string { return aws.ToString(c.CapacityReservationId) })
	usable, unknown := statuses(found, r.opts.Clock.Now())
	for _, u := range unknown {
		if r.opts.Unknown != nil && r.unknown.first(u) {
			r.opts.Unknown(u)
		}
	}
	return usable, nil
}

// Close ends what is under way.
func (r *Reservations) Close() { r.cache.Close() }

// termsOf are the queries of a NodeClass, each once. A term without selecting keys,
// which admission refuses, is none: it would select all there are (AWS-013).
func termsOf(nodeClass *v1.EC2NodeClass) ([]term, error) {
	var out []string
	for _, t := range nodeClass.Spec.CapacityReservationSelectorTerms {
		if t.ID != "" {
			t = v1.CapacityReservationSelectorTerm{ID: t.ID} // the ID wins (AWS-013)
		} else if len(t.Tags) == 0 && t.InstanceMatchCriteria == "" {
			continue
		}
		text, err := json.Marshal(t)
		if err != nil {
			return nil, fmt.Errorf("writing a reservation term of EC2NodeClass %s: %w", nodeClass.Name, err)
		}
		out = append(out, string(text))
	}
	terms := make([]term, 0, len(out))
	for _, text := range query.Distinct(out) {
		terms = append(terms, term(text))
	}
	return terms, nil
}

// ask reads the answer to a term. A reservation that there is not is no match.
func (r *Reservations) ask(ctx context.Context, t term) ([]types.CapacityReservation, error) {
	found, err := r.cache.Get(ctx, t)
	if errors.Is(err, errNotFound) {
		return nil, nil
	}
	return found, err
}

func (r *Reservations) load(ctx context.Context, t term) ([]types.CapacityReservation, error) {
	in, err := input(t)
	if err != nil {
		return nil, err
	}
	began := r.opts.Clock.Now()
	pages := ec2.NewDescribeCapacityReservationsPaginator(r.opts.API, in)
	found, err := query.Pages(ctx, pages, func(page *ec2.DescribeCapacityReservationsOutput) []types.CapacityReservation {
		return page.CapacityReservations
	})
	switch {
	case err != nil && errortable.FailureOf(err).Code == codeNotFound:
		return nil, fmt.Errorf("%w: %w", errNotFound, err)
	case err != nil:
		return nil, fmt.Errorf("describing capacity reservations: %w", err)
	}
	r.opts.Counts.read(began, found)
	return found, nil
}

// input is the request of a term: by ID, else by filters in pages (AWS-350, AWS-420).
func input(t term) (*ec2.DescribeCapacityReservationsInput, error) {
	var selected v1.CapacityReservationSelectorTerm
	if err := json.Unmarshal([]byte(t), &selected); err != nil {
		return nil, fmt.Errorf("reading reservation term %s: %w", t, err)
	}
	if selected.ID != "" {
		return &ec2.DescribeCapacityReservationsInput{CapacityReservationIds: []string{selected.ID}}, nil
	}
	filters := []types.Filter{query.Filter("state", string(types.CapacityReservationStateActive))}
	if selected.OwnerID != "" {
		filters = append(filters, query.Filter("owner-id", selected.OwnerID))
	}
	if selected.InstanceMatchCriteria != "" {
		filters = append(filters, query.Filter("instance-match-criteria", selected.InstanceMatchCriteria))
	}
	return &ec2.DescribeCapacityReservationsInput{
		Filters: append(filters, query.Tags(selected.Tags)...), MaxResults: aws.Int32(page),
	}, nil
}
