// SPDX-License-Identifier: Apache-2.0

package operator

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/go-logr/logr"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/manager"

	"karpenter.sh/core/reconcile/index"
)

// kindPatience is how long the process waits for a missing CRD before it exits
// for a restart; at least two minutes (OPS-063).
const kindPatience = 3 * time.Minute

// kindPoll is how often a missing CRD is looked for.
const kindPoll = 2 * time.Second

// start registers indexes and controllers: at once if the kinds they work on
// are served, else as soon as they are.
type start struct {
	shared   *shared
	kinds    *servedKinds
	required []schema.GroupVersionKind
	// fields are the indexes still to be made.
	fields []index.Field
	log    logr.Logger
}

var _ manager.LeaderElectionRunnable = (*start)(nil)

func newStart(s *shared, kinds *servedKinds) (*start, error) {
	nodeClasses, err := nodeClassKinds(s.provider.SupportedNodeClasses(), s.manager.GetScheme())
	if err != nil {
		return nil, err
	}
	return &start{
		shared:   s,
		kinds:    kinds,
		required: slices.Concat(coreKinds(), gatedKinds(s.options.FeatureGates), nodeClasses),
		fields:   index.Fields(),
		log:      s.manager.GetLogger().WithName("start"),
	}, nil
}

// begin runs before the manager.
func (s *start) begin(ctx context.Context) error {
	if err := s.index(ctx); err != nil {
		return err
	}
	var missing missingKindsError
	err := s.kinds.check(ctx, s.required)
	switch {
	case errors.As(err, &missing):
		s.log.Error(err, "waiting for custom resource definitions")
		return s.shared.manager.Add(s)
	case err != nil:
		return fmt.Errorf("checking for custom resource definitions: %w", err)
	}
	return s.register(ctx)
}

// NeedLeaderElection implements manager.LeaderElectionRunnable: standby
// replicas wait too, so that they can warm up.
func (s *start) NeedLeaderElection() bool { return false }

// Start implements manager.Runnable. It waits for the kinds; its error ends the
// process.
func (s *start) Start(ctx context.Context) error {
	waiting, cancel := context.WithTimeout(ctx, kindPatience)
	defer cancel()
	for {
		err := s.kinds.check(waiting, s.required)
		if err == nil {
			break
		}
		select {
		case <-ctx.Done():
			return nil
		case <-waiting.Done():
			return fmt.Errorf("gave up after %s: %w", kindPatience, err)
		case <-s.shared.clock.After(kindPoll):
		}
	}
	s.log.Info("custom resource definitions are served, starting the controllers")
	if err := s.index(ctx); err != nil {
		return err
	}
	return s.register(ctx)
}

// index makes the indexes that are missing. One whose kind is not served is
// logged and left for later.
func (s *start) index(ctx context.Context) error {
	var later []index.Field
	for _, field := range s.fields {
		err := s.shared.manager.GetFieldIndexer().IndexField(ctx, field.Object, field.Name, field.Extract)
		switch {
		case meta.IsNoMatchError(err):
			s.log.Error(err, "failed to set up an index", "kind", fmt.Sprintf("%T", field.Object), "field", field.Name)
			later = append(later, field)
		case err != nil:
			return fmt.Errorf("indexing %T by %s: %w", field.Object, field.Name, err)
		}
	}
	s.fields = later
	return nil
}

// register hands all controllers to the manager.
func (s *start) register(ctx context.Context) error {
	controllers, err := s.shared.controllers()
	if err != nil {
		return err
	}
	for _, c := range controllers {
		if err := c.Register(ctx, s.shared.manager); err != nil {
			return fmt.Errorf("registering controller %T: %w", c, err)
		}
	}
	return nil
}
