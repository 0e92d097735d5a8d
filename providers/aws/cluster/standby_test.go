// SPDX-License-Identifier: Apache-2.0

package cluster_test

import (
	"testing"

	"github.com/go-logr/logr"
	"sigs.k8s.io/controller-runtime/pkg/config"
	"sigs.k8s.io/controller-runtime/pkg/manager"

	"karpenter.sh/providers/aws/cluster"
)

// runner is a manager that keeps what is added to it.
type runner struct {
	manager.Manager
	added manager.Runnable
}

func (*runner) GetControllerOptions() config.Controller {
	return config.Controller{SkipNameValidation: new(true), NeedLeaderElection: new(true)}
}

func (*runner) GetLogger() logr.Logger { return logr.Discard() }

func (r *runner) Add(added manager.Runnable) error {
	r.added = added
	return nil
}

// AWS-004: a replica that waits to lead knows the version too.
func TestVersionOnStandbys(t *testing.T) {
	t.Parallel()
	r := &runner{}
	if err := cluster.NewController(newWorld(t, "").discover(t)).Register(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	if leader, ok := r.added.(manager.LeaderElectionRunnable); !ok || leader.NeedLeaderElection() {
		t.Errorf("%T waits for the lease", r.added)
	}
}
