// SPDX-License-Identifier: Apache-2.0

package stock_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	clocktesting "k8s.io/utils/clock/testing"

	"karpenter.sh/core/apis/vocabulary"
	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/cloudprovider/kit/health"
	"karpenter.sh/providers/clusterapi/apis/v1alpha1"
	"karpenter.sh/providers/clusterapi/capi"
	"karpenter.sh/providers/clusterapi/instancetype"
	"karpenter.sh/providers/clusterapi/internal/simcapi"
	"karpenter.sh/providers/clusterapi/inventory"
	"karpenter.sh/providers/clusterapi/stock"
)

// CAPI-019, CAPI-028, CAPI-061, CP-009: a type follows what is known beside its deployment
// and keeps its pointer while that is the same; what cannot be told now makes no type go.
func TestFacts(t *testing.T) {
	clock := clocktesting.NewFakeClock(time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC))
	management := simcapi.New(t, clock, "v1beta2")
	md := management.Deployment("md", 0)
	var facts instancetype.Facts
	var down error
	s := stock.New(stock.Options{
		Inventory: &inventory.Reader{Management: inventory.Management{Cache: management.Cache()}},
		Health:    health.New(health.Options{Clock: clock}), Clock: clock,
		Facts: func(context.Context, *capi.MachineDeployment) (instancetype.Facts, error) { return facts, down },
	})
	words, err := vocabulary.New(v1alpha1.Vocabulary())
	if err != nil {
		t.Fatal(err)
	}
	only := func() *cloudprovider.InstanceType {
		t.Helper()
		nodeClass := &v1alpha1.ClusterAPINodeClass{ObjectMeta: metav1.ObjectMeta{Name: "default"}}
		deployments, err := s.Selected(t.Context(), nodeClass)
		if err != nil {
			t.Fatal(err)
		}
		types, err := s.Types(t.Context(), deployments, instancetype.Asker{Words: words, Defines: func(string) bool { return false }})
		if err != nil || len(types) > 1 {
			t.Fatalf("%d types, %v", len(types), err)
		}
		if len(types) == 0 {
			return nil
		}
		return types[0]
	}

	if it := only(); it == nil || it.Name != "md" || it.Capacity != nil || it.Offerings[0].Available {
		t.Errorf("a deployment without a size: %+v", it)
	}
	facts.Capacity = corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("4"), corev1.ResourceMemory: resource.MustParse("16Gi")}
	sized := only()
	if sized == nil || sized.Capacity.Cpu().Value() != 4 {
		t.Fatalf("with a template: %+v", sized)
	}
	facts.Capacity = facts.Capacity.DeepCopy()
	if only() != sized {
		t.Error("the same facts make another type")
	}
	facts.Overhead = corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("200m")}
	it := only()
	if left := it.Allocatable(); it == sized || left.Cpu().MilliValue() != 3800 {
		t.Errorf("with an overhead: %v", left)
	}

	down = errors.New("no route to host")
	if only() != it {
		t.Error("facts that cannot be told any more are not believed")
	}
	if shape := s.ShapeOf(t.Context(), management.Get(md)); shape == nil || shape.Capacity.Cpu().Value() != 4 {
		t.Errorf("the last shape is %+v", shape)
	}
}

// CAPI-019: one memory serves both questions: what a shape was asked for is believed when
// all are listed, and a deployment that nobody has listed has a shape of its labels at least.
func TestShapeOf(t *testing.T) {
	clock := clocktesting.NewFakeClock(time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC))
	management := simcapi.New(t, clock, "v1beta2")
	md := management.Deployment("md", 0)
	down := errors.New("no route to host")
	facts := instancetype.Facts{}
	s := stock.New(stock.Options{
		Inventory: &inventory.Reader{Management: inventory.Management{Cache: management.Cache()}},
		Health:    health.New(health.Options{Clock: clock}), Clock: clock,
		Facts: func(context.Context, *capi.MachineDeployment) (instancetype.Facts, error) { return facts, down },
	})
	if shape := s.ShapeOf(t.Context(), management.Get(md)); shape == nil || shape.Name() != "md" || shape.Capacity != nil {
		t.Errorf("of labels only: %+v", shape)
	}
	facts.Capacity, down = corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("4"), corev1.ResourceMemory: resource.MustParse("16Gi")}, nil
	sized := s.ShapeOf(t.Context(), management.Get(md))
	if sized == nil || sized.Capacity.Cpu().Value() != 4 {
		t.Fatalf("with a template: %+v", sized)
	}
	facts, down = instancetype.Facts{}, errors.New("no route to host")
	got, err := s.Selected(t.Context(), &v1alpha1.ClusterAPINodeClass{})
	if err != nil || len(got) != 1 || got[0].Shape != sized || got[0].Err != nil {
		t.Errorf("listed: %+v, %v", got, err)
	}
}

// CAPI-010: facts of many deployments are asked for at the same time, for they may have to
// be read.
func TestFactsTogether(t *testing.T) {
	clock := clocktesting.NewFakeClock(time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC))
	management := simcapi.New(t, clock, "v1beta2")
	management.Deployment("one", 0)
	management.Deployment("two", 0)
	var both sync.WaitGroup
	both.Add(2)
	s := stock.New(stock.Options{
		Inventory: &inventory.Reader{Management: inventory.Management{Cache: management.Cache()}},
		Health:    health.New(health.Options{Clock: clock}), Clock: clock,
		Facts: func(context.Context, *capi.MachineDeployment) (instancetype.Facts, error) {
			both.Done()
			both.Wait() // for ever, if it is asked for one after the other
			return instancetype.Facts{}, nil
		},
	})
	if got, err := s.Selected(t.Context(), &v1alpha1.ClusterAPINodeClass{}); err != nil || len(got) != 2 {
		t.Errorf("%d selected, %v", len(got), err)
	}
}

// CAPI-019, CAPI-020: what was never told fails nobody who does not need it: of a deployment
// whose annotations tell all, types are told; one without its platform or its size has a
// type that is not to be had. A label that is none leaves no type, and fails no other one.
func TestFactsNeverTold(t *testing.T) {
	down := errors.New("the webhook does not answer")
	sized := []string{instancetype.AnnotationCPU, instancetype.AnnotationMemory}
	all := slices.Concat(sized, []string{instancetype.AnnotationArch, instancetype.AnnotationOS})
	long := strings.Repeat("m", 64)
	for reason, tc := range map[string]struct {
		name        string
		annotations []string
		typed       bool
		err         error
	}{
		"all is annotated":              {"md", all, true, nil},
		"the platform is not":           {"md", sized, true, stock.ErrUntold},
		"the operating system is not":   {"md", all[:3], true, stock.ErrUntold},
		"the size is not":               {"md", nil, true, stock.ErrUntold},
		"its name is no label":          {long, nil, false, errMalformed},
		"neither, and all is annotated": {long, all, false, errMalformed},
	} {
		t.Run(reason, func(t *testing.T) {
			clock := clocktesting.NewFakeClock(time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC))
			management := simcapi.New(t, clock, "v1beta2")
			management.Deployment(tc.name, 0, func(d *capi.MachineDeployment) {
				for _, key := range tc.annotations {
					d.Annotations[key] = "4"
				}
			})
			s := stock.New(stock.Options{
				Inventory: &inventory.Reader{Management: inventory.Management{Cache: management.Cache()}},
				Health:    health.New(health.Options{Clock: clock}), Clock: clock,
				Facts: func(context.Context, *capi.MachineDeployment) (instancetype.Facts, error) {
					return instancetype.Facts{}, down
				},
			})
			for range 2 { // that it failed once is not taken for an answer
				got, err := s.Selected(t.Context(), &v1alpha1.ClusterAPINodeClass{})
				if err != nil || len(got) != 1 {
					t.Fatalf("got %+v, %v", got, err)
				}
				available, err := s.Available(t.Context(), got)
				if err != nil || available(got[0].Name()) != (tc.err == nil) {
					t.Errorf("to be had %t, %v", available(got[0].Name()), err)
				}
				if (got[0].Shape != nil) != tc.typed {
					t.Errorf("its shape is %+v", got[0].Shape)
				}
				if err := got[0].Err; !is(err, tc.err) || errors.Is(err, down) != errors.Is(tc.err, stock.ErrUntold) {
					t.Errorf("got %v, want %v", err, tc.err)
				}
			}
		})
	}
}

// errMalformed stands for any instancetype.MalformedError.
var errMalformed = errors.New("malformed")

func is(err, want error) bool {
	if errors.Is(want, errMalformed) {
		var malformed *instancetype.MalformedError
		return errors.As(err, &malformed)
	}
	return errors.Is(err, want)
}
