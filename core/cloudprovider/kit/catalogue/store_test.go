// SPDX-License-Identifier: Apache-2.0

package catalogue_test

import (
	"context"
	"errors"
	"testing"
	"time"

	clocktesting "k8s.io/utils/clock/testing"

	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/cloudprovider/kit/catalogue"
	"karpenter.sh/core/engine/label"
)

var errCloud = errors.New("cloud is down")

func TestStore(t *testing.T) {
	clock := clocktesting.NewFakePassiveClock(time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC))
	var (
		answer []*cloudprovider.InstanceType
		failed error
	)
	store := catalogue.NewStore(catalogue.StoreOptions[*cloudprovider.InstanceType]{
		Name: "instance types", Clock: clock, Merge: catalogue.MergeTypes,
		Load: func(context.Context) ([]*cloudprovider.InstanceType, error) { return answer, failed },
	})
	refresh := func(types []*cloudprovider.InstanceType, err error) error {
		clock.SetTime(clock.Now().Add(time.Hour))
		answer, failed = types, err
		return store.Refresh(t.Context())
	}

	for why, err := range map[string]error{
		"the first load fails":      refresh(nil, errCloud),
		"the first load is of none": refresh(nil, nil),
	} {
		if err == nil {
			t.Errorf("KIT-021: %s, and nobody says so", why)
		}
		if _, err := store.Current(); !errors.Is(err, catalogue.ErrNotLoaded) {
			t.Errorf("KIT-021: %s: got %v", why, err)
		}
	}
	if err := refresh(types(3), nil); err != nil {
		t.Fatal(err)
	}
	first, err := store.Current()
	if err != nil || first.Generation != 1 || !first.At.Equal(clock.Now()) || len(first.Items) != 3 { // KIT-020
		t.Fatalf("got %+v, %v", first, err)
	}
	t.Run("KIT-021: a failure changes nothing", func(t *testing.T) {
		if err := refresh(types(1), errCloud); !errors.Is(err, errCloud) {
			t.Errorf("got %v", err)
		}
		if err := refresh(nil, nil); !errors.Is(err, catalogue.ErrEmpty) {
			t.Errorf("got %v", err)
		}
		if now, _ := store.Current(); now != first {
			t.Errorf("got %+v", now)
		}
	})
	t.Run("KIT-022: equal content is the same generation, as of now", func(t *testing.T) {
		if err := refresh(types(3), nil); err != nil {
			t.Fatal(err)
		}
		now, _ := store.Current()
		if now.Generation != 1 || now.Items[0] != first.Items[0] || !now.At.Equal(clock.Now()) {
			t.Errorf("got %+v", now)
		}
	})
	t.Run("KIT-022: what is equal keeps its pointer when others change", func(t *testing.T) {
		next := types(4)
		next[1] = instanceType("type-1", offering("a", label.Spot, 7))
		if err := refresh(next, nil); err != nil {
			t.Fatal(err)
		}
		now, _ := store.Current()
		if now.Generation != 2 || now.Items[0] != first.Items[0] || now.Items[1] == first.Items[1] || now.Items[2] != first.Items[2] || len(now.Items) != 4 {
			t.Errorf("got %+v", now)
		}
		if len(first.Items) != 3 || first.Items[1].Offerings[0].Price == 7 {
			t.Error("what was read before changed")
		}
	})
	t.Run("KIT-022: a type less is a change", func(t *testing.T) {
		if err := refresh(types(3), nil); err != nil {
			t.Fatal(err)
		}
		if now, _ := store.Current(); now.Generation != 3 || len(now.Items) != 3 {
			t.Errorf("got %+v", now)
		}
	})
}

// KIT-020: reading does not wait for a load.
func TestReadersDoNotWait(t *testing.T) {
	entered, leave := make(chan struct{}), make(chan struct{})
	first := true
	store := catalogue.NewStore(catalogue.StoreOptions[string]{
		Name: "zones", Clock: clocktesting.NewFakePassiveClock(time.Time{}),
		Load: func(context.Context) ([]string, error) {
			if !first {
				close(entered)
				<-leave
				return []string{"b"}, nil
			}
			first = false
			return []string{"a"}, nil
		},
	})
	if err := store.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	done := make(chan error)
	go func() { done <- store.Refresh(t.Context()) }()
	<-entered
	if now, err := store.Current(); err != nil || now.Items[0] != "a" {
		t.Errorf("got %+v, %v", now, err)
	}
	close(leave)
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if now, _ := store.Current(); now.Items[0] != "b" || now.Generation != 2 {
		t.Errorf("got %+v", now)
	}
}
