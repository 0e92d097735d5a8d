// SPDX-License-Identifier: Apache-2.0

package fleet_test

import (
	"context"
	"errors"
	"net"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/smithy-go"
	"k8s.io/utils/clock"

	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/cloudprovider/kit/address"
	"karpenter.sh/core/engine/label"
	"karpenter.sh/providers/aws/fleet"
	"karpenter.sh/providers/aws/instance"
)

// calls are EC2 behind a function that sees each call, by number, and its answer.
type calls struct {
	fleet.API
	n   atomic.Int64
	see func(n int64, out *ec2.CreateFleetOutput, err error) (*ec2.CreateFleetOutput, error)
}

func (c *calls) CreateFleet(ctx context.Context, in *ec2.CreateFleetInput, o ...func(*ec2.Options)) (*ec2.CreateFleetOutput, error) {
	n := c.n.Add(1)
	out, err := c.API.CreateFleet(ctx, in, o...)
	return c.see(n, out, err)
}

var errLost = errors.New("no answer")

// losing loses the answers of the first calls.
func losing(first int64, err error) func(*fleet.Options) {
	return func(o *fleet.Options) {
		o.Retry.Calls = 1
		o.API = &calls{API: o.API, see: func(n int64, out *ec2.CreateFleetOutput, real error) (*ec2.CreateFleetOutput, error) {
			if n <= first {
				return nil, err
			}
			return out, real
		}}
	}
}

// later is a clock that can be set forward.
type later struct {
	clock.RealClock
	by atomic.Int64
}

func (l *later) Now() time.Time                  { return time.Now().Add(time.Duration(l.by.Load())) }
func (l *later) Since(t time.Time) time.Duration { return l.Now().Sub(t) }

// AWS-325: a machine that was ended while its launch was being answered is given to nobody.
func TestEndedMeanwhile(t *testing.T) {
	plain := func(err error) bool { return err != nil && cloudprovider.ClassOf(err) == cloudprovider.ClassOther }
	t.Run("by this process", func(t *testing.T) {
		w := newWorldWith(t, 1, losing(1, errLost))
		if first := w.launch(w.request("a", label.OnDemand, "c5.large"))[0]; !plain(first.err) {
			t.Fatalf("got %v", first)
		}
		w.launcher.Forget(w.running()[0])
		if again := w.launch(w.request("a", label.OnDemand, "c5.large"))[0]; !plain(again.err) {
			t.Errorf("got %s, %v", again.ID, again.err)
		}
		if third := w.launch(w.request("a", label.OnDemand, "c5.large"))[0]; third.err != nil || third.ID == w.running()[0] && len(w.running()) == 1 {
			t.Errorf("got %s, %v", third.ID, third.err)
		}
	})
	t.Run("by another one", func(t *testing.T) {
		var mu sync.Mutex
		var asked, ended []string
		now := &later{}
		w := newWorldWith(t, 1, func(o *fleet.Options) {
			losing(1, errLost)(o)
			o.Clock = now
			o.Ended = func(_ context.Context, m instance.Instance) bool {
				mu.Lock()
				defer mu.Unlock()
				asked = append(asked, m.ID)
				return slices.Contains(ended, m.ID)
			}
		})
		now.by.Store(int64(time.Hour)) // long after the start
		w.launch(w.request("a", label.OnDemand, "c5.large"))
		ended = w.running()
		if again := w.launch(w.request("a", label.OnDemand, "c5.large"))[0]; !plain(again.err) || len(asked) != 1 {
			t.Errorf("got %s, %v; asked about %v", again.ID, again.err, asked)
		}
		if third := w.launch(w.request("a", label.OnDemand, "c5.large"))[0]; third.err != nil || slices.Contains(ended, third.ID) || len(asked) != 1 {
			t.Errorf("got %s, %v; asked about %v", third.ID, third.err, asked)
		}
	})
	t.Run("before this one started", func(t *testing.T) {
		w := newWorldWith(t, 1, func(o *fleet.Options) { o.Ended = func(context.Context, instance.Instance) bool { return true } })
		if r := w.launch(w.request("a", label.OnDemand, "c5.large"))[0]; !plain(r.err) {
			t.Errorf("got %s, %v", r.ID, r.err)
		}
	})
}

// AWS-325: what a repeated answer gave to somebody is not surplus of the first one.
func TestAnsweredTwice(t *testing.T) {
	hold, answered := make(chan struct{}), make(chan struct{})
	w := newWorldWith(t, 1, func(o *fleet.Options) {
		o.API = &calls{API: o.API, see: func(n int64, out *ec2.CreateFleetOutput, err error) (*ec2.CreateFleetOutput, error) {
			if n == 1 {
				close(answered)
				<-hold
			}
			return out, err
		}}
	})
	ctx, leave := context.WithCancel(t.Context())
	left := make(chan error)
	go func() {
		_, err := w.launcher.Launch(ctx, w.request("a", label.OnDemand, "c5.large"))
		left <- err
	}()
	<-answered
	if born := time.Now(); !w.launcher.UnderWay(born) || w.launcher.UnderWay(born.Add(-time.Hour)) {
		t.Error("AWS-326: a machine of this launch is not known as such")
	}
	leave()
	<-left
	r := w.launch(w.request("a", label.OnDemand, "c5.large"))[0]
	close(hold)
	if err := w.launcher.Close(t.Context()); err != nil {
		t.Error(err)
	}
	if r.err != nil || len(w.surplus) != 0 || len(w.running()) != 1 {
		t.Errorf("got %s, %v; surplus %v, %v run", r.ID, r.err, w.surplus, w.running())
	}
	if owner := w.launcher.Claimant(r.ID); owner != "a" || w.launcher.UnderWay(time.Now()) {
		t.Errorf("AWS-326: the machine is tied to %q", owner)
	}
}

// CP-092: ending surplus holds up nobody, and outlasts the call that it comes from.
func TestSurplusApart(t *testing.T) {
	hold := make(chan struct{})
	ended := make(chan error, 1)
	w := newWorldWith(t, 1, func(o *fleet.Options) {
		o.Calls, o.Timeout = 1, 5*time.Second
		o.API = &calls{API: o.API, see: func(n int64, out *ec2.CreateFleetOutput, err error) (*ec2.CreateFleetOutput, error) {
			if n == 1 { // one more than was asked for
				out.Instances = append(out.Instances, out.Instances[0])
				out.Instances[1].InstanceIds = []string{"i-stray"}
			}
			return out, err
		}}
		o.Surplus = func(ctx context.Context, _ []instance.Instance) {
			<-hold
			ended <- ctx.Err()
		}
	})
	for _, uid := range []string{"a", "b"} {
		if r := w.launch(w.request(uid, label.OnDemand, "c5.large"))[0]; r.err != nil {
			t.Errorf("%s: %v", uid, r.err)
		}
	}
	close(hold)
	if err := <-ended; err != nil {
		t.Errorf("ending surplus was cut off: %v", err)
	}
}

// KIT-030, KIT-031: what is asked for again is counted once; what was never sent, not at all.
func TestAddressesOfLostLaunches(t *testing.T) {
	for _, tc := range []struct {
		name string
		err  error
		left int64
	}{
		{"no answer", errLost, 90},
		{"the service failed each time the SDK tried", &retry.MaxAttemptsError{Attempt: 3, Err: &smithy.GenericAPIError{Code: "InternalError", Fault: smithy.FaultServer}}, 90},
		{"throttled", &retry.MaxAttemptsError{Attempt: 3, Err: &smithy.GenericAPIError{Code: "RequestLimitExceeded"}}, 100},
		{"no connection", &net.OpError{Op: "dial", Err: errLost}, 100},
		{"a connection that broke", &net.OpError{Op: "read", Err: errLost}, 90},
		{"no credentials", &smithy.OperationError{ServiceID: "EC2", OperationName: "CreateFleet", Err: errors.New("get identity: get credentials: none")}, 100},
	} {
		t.Run(tc.name, func(t *testing.T) {
			w := newWorldWith(t, 1, losing(3, tc.err))
			subnet := w.Setup.Subnets[0].ID
			if err := w.pool.Read(time.Now(), []address.Network{{ID: subnet, Free: 100}}); err != nil {
				t.Fatal(err)
			}
			r := w.request("a", label.OnDemand, "c5.large@a")
			r.Offers[0].Addresses = 10
			for range 3 {
				if got := w.launch(r)[0]; got.err == nil {
					t.Fatal("no error")
				}
			}
			if left, _ := w.pool.Free(subnet); left != tc.left {
				t.Errorf("%d addresses are left, want %d", left, tc.left)
			}
		})
	}
}

// AWS-325: calls are repeated as long as somebody waits.
func TestRepeatedWhileSomebodyWaits(t *testing.T) {
	unbounded := func(o *fleet.Options) { o.Retry.Calls = 0 }
	w := newWorldWith(t, 1, unbounded)
	w.Fault(`[{"call": "ec2:CreateFleet", "times": 25, "error": {"code": "RequestLimitExceeded"}}]`)
	if r := w.launch(w.request("a", label.OnDemand, "c5.large"))[0]; r.err != nil {
		t.Errorf("got %v", r.err)
	}
	w.fleets(26)

	w = newWorldWith(t, 1, unbounded)
	w.Fault(`[{"call": "ec2:CreateFleet", "error": {"code": "RequestLimitExceeded"}}]`)
	ctx, leave := context.WithCancel(t.Context())
	go func() {
		for w.Calls("ec2:CreateFleet") < 2 {
			time.Sleep(time.Millisecond)
		}
		leave()
	}()
	if _, err := w.launcher.Launch(ctx, w.request("a", label.OnDemand, "c5.large")); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if err := w.launcher.Close(t.Context()); err != nil { // which waits for calls
		t.Error(err)
	}
}
