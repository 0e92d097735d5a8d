// SPDX-License-Identifier: Apache-2.0

package operator_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"testing"

	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/cloudprovider/fake"
	"karpenter.sh/core/cloudprovider/fake/v1alpha1"
	"karpenter.sh/core/operator"
	"karpenter.sh/core/operator/election"
	"karpenter.sh/core/operator/options"
	"karpenter.sh/core/testkit/binary"
)

// These variables change the in-memory provider, with which the binary under test runs
// Main.
const (
	badLabel   = "OPERATOR_TEST_BAD_LABEL"
	neverEnds  = "OPERATOR_TEST_NEVER_ENDS"
	fails      = "OPERATOR_TEST_FAILS"
	noPolicies = "OPERATOR_TEST_NO_REPAIR_POLICIES"
)

func TestMain(m *testing.M) {
	binary.Main(m, func() { operator.Main(config()) })
}

// config is what a provider's main function passes on.
func config() operator.Config {
	var greeting string
	return operator.Config{
		Name:        "karpenter-fake",
		Version:     "1.2.3",
		AddToScheme: v1alpha1.AddToScheme,
		DeclareOptions: func(s *options.Set) {
			s.String(&greeting, options.Option[string]{Name: "fake-greeting", Env: "FAKE_GREETING", Usage: "Unused."})
		},
		Lease: func(context.Context, *rest.Config) (election.Settings, error) {
			return election.Settings{Labels: map[string]string{"app": "fake"}}, nil
		},
		NewProvider: newProvider,
	}
}

func newProvider(_ context.Context, s operator.Setup) (operator.Provider, error) {
	types := fake.DefaultInstanceTypes()
	if os.Getenv(badLabel) != "" {
		types = append(types, fake.NewInstanceType(fake.TypeSpec{Name: "odd", CPU: 1, Labels: map[string]string{"example.com/odd": "x"}}))
	}
	cloud := fake.New(fake.Options{Clock: s.Clock, InstanceTypes: types})
	if os.Getenv(noPolicies) != "" {
		cloud.SetRepairPolicies()
	}
	controllers := []operator.Controller{operator.NodeClassStatus[*v1alpha1.TestNodeClass](s)}
	if os.Getenv(neverEnds) != "" {
		controllers = append(controllers, stubborn{})
	}
	if os.Getenv(fails) != "" {
		controllers = append(controllers, &failing{})
	}
	catalogue := func(ctx context.Context) ([]*cloudprovider.InstanceType, error) {
		return cloud.GetInstanceTypes(ctx, &v1.NodePool{})
	}
	return operator.Provider{CloudProvider: cloud, Catalogue: catalogue, Controllers: controllers}, nil
}

// stubborn is work that no shutdown ends.
type stubborn struct{}

// stubbornBegan is what the process prints when that work has begun.
const stubbornBegan = "stubborn work has begun"

func (stubborn) Register(_ context.Context, m manager.Manager) error {
	return m.Add(manager.RunnableFunc(func(context.Context) error {
		fmt.Println(stubbornBegan)
		select {}
	}))
}

// failing is a controller that panics, then fails, then works.
type failing struct{ calls int }

func (f *failing) Register(_ context.Context, m manager.Manager) error {
	return builder.ControllerManagedBy(m).Named("failing").For(&v1alpha1.TestNodeClass{}).Complete(f)
}

func (f *failing) Reconcile(context.Context, reconcile.Request) (reconcile.Result, error) {
	switch f.calls++; f.calls {
	case 1:
		panic("what a surprise")
	case 2:
		return reconcile.Result{}, errors.New("it does not work")
	}
	return reconcile.Result{}, nil
}

// run starts the binary; set are further variables.
func run(t *testing.T, args []string, set ...string) *binary.Process {
	t.Helper()
	return binary.Start(t, binary.Options{Args: args, Env: set})
}
