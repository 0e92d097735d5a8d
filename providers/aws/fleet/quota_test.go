// SPDX-License-Identifier: Apache-2.0

package fleet_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/servicequotas"
	"github.com/go-logr/logr"
	"k8s.io/utils/clock"

	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/engine/label"
	"karpenter.sh/providers/aws/fleet"
	"karpenter.sh/providers/aws/quota"
	cloudaws "karpenter.sh/test/cloudsim/aws"
	"karpenter.sh/test/cloudsim/fault"
	cloud "karpenter.sh/test/cloudsim/world"
)

const standard = "standard on-demand vCPUs"

// limited is a world whose launches count on quotas, with so many vCPUs on demand.
func limited(t *testing.T, requests, vcpus int) (*world, *quota.Account) {
	t.Helper()
	account := quota.NewAccount(clock.RealClock{})
	w := newWorldWith(t, requests, func(o *fleet.Options) { o.Quotas = account })
	w.Cloud.Quotas().Set(cloudaws.QuotaOnDemand, vcpus)
	w.learn(account)
	return w, account
}

// learn reads the quotas.
func (w *world) learn(account *quota.Account) {
	w.Helper()
	reader := quota.NewReader(quota.Options{
		Account: account, API: servicequotas.NewFromConfig(w.Config), EC2: ec2.NewFromConfig(w.Config),
		VCPUs: func(kind string) (int64, bool) { return vcpusOf(kind), true }, Random: func() float64 { return 0 },
		Clock: clock.RealClock{}, Log: logr.Discard(),
	})
	if _, err := reader.Reconcile(w.Context()); err != nil {
		w.Fatal(err)
	}
}

func vcpusOf(kind string) int64 {
	if strings.HasSuffix(kind, ".xlarge") {
		return 4
	}
	return 2
}

// sized is a request whose offers have the vCPUs of their types.
func (w *world) sized(uid, capacityType string, kinds ...string) fleet.Request {
	r := w.request(uid, capacityType, kinds...)
	for i := range r.Offers {
		r.Offers[i].VCPUs = vcpusOf(r.Offers[i].Type)
	}
	return r
}

// AWS-450, KIT-033: of launches at once as many get quota as there is; the others are
// refused without a call, as a lack of capacity that names the limit.
func TestLaunchesWithinTheQuota(t *testing.T) {
	w, account := limited(t, 3, 7)
	var requests []fleet.Request
	for i := range 5 {
		requests = append(requests, w.sized(uid(i), label.OnDemand, "c5.large"))
	}
	results := w.launch(requests...)
	launched := 0
	for _, r := range results {
		var told *fleet.Error
		switch {
		case r.err == nil:
			launched++
		case !errors.As(r.err, &told) || !told.QuotaShort() || !cloudprovider.IsInsufficientCapacityError(r.err) || !strings.Contains(r.err.Error(), standard):
			t.Errorf("got %v", r.err)
		}
	}
	if left, _ := account.Left(standard); launched != 3 || left != 1 {
		t.Errorf("%d launched, %d left", launched, left)
	}
	w.fleets(1)
	if m := w.marks(); m != "" {
		t.Errorf("marked %s: what is left says it", m)
	}
}

// AWS-450: what the quota has no room for is left out of what is asked for, and so is
// what is larger than need be while little is left.
func TestOffersWithinTheQuota(t *testing.T) {
	const small, large = "c5.large", "m5.xlarge"
	for _, tc := range []struct {
		why    string
		quota  int
		stock  string // of which there is nothing
		offers []string
		want   string
	}{
		{"room for the cheapest", 2, "", []string{small, large}, "c5.large=1"},
		{"none for the cheapest, and a dearer one is smaller", 3, "", []string{"c5a.xlarge", "r5.large", "m5.large"}, "m5.large=1"},
		{"little is left: a larger one only once the others cannot be had", 16, small, []string{small, large}, "m5.xlarge=1"},
		{"and only if there is room for it", 3, small, []string{small, large}, "error=1"},
		{"but one of its size", 16, small, []string{small, "m5.large", large}, "m5.large=1"},
		{"plenty: a larger one", 64, small, []string{small, large}, "m5.xlarge=1"},
	} {
		t.Run(tc.why, func(t *testing.T) {
			w, _ := limited(t, 1, tc.quota)
			if tc.stock != "" {
				w.Cloud.Stock().Set(cloud.Pool{Type: tc.stock}, 0)
			}
			r := w.sized("uid", label.OnDemand, tc.offers...)
			for i := range r.Offers {
				if r.Offers[i].Type == "c5a.xlarge" {
					r.Offers[i].Price = 0.01
				}
			}
			if g := got(w.launch(r)); g != tc.want {
				t.Errorf("got %s, want %s", g, tc.want)
			}
		})
	}
}

// AWS-450, KIT-030: a launch that fails gives back what it took, one whose outcome nobody
// knows keeps it until it is made again, and success corrects it.
func TestQuotaOfFailedLaunches(t *testing.T) {
	for _, tc := range []struct {
		why    string
		breaks func(w *world)
		left   int64
	}{
		{"no stock", func(w *world) { w.Cloud.Stock().Set(cloud.Pool{}, 0) }, 100},
		{"refused for good", func(w *world) { w.fault(`[{"call": "ec2:CreateFleet", "error": {"code": "InvalidParameterValue"}}]`) }, 100},
		{"throttled", func(w *world) { w.fault(`[{"call": "ec2:CreateFleet", "error": {"code": "RequestLimitExceeded"}}]`) }, 100},
		{"nobody knows", func(w *world) { w.fault(`[{"call": "ec2:CreateFleet", "error": {"code": "InternalError"}}]`) }, 98},
		{"a larger one came", func(w *world) { w.Cloud.Stock().Set(cloud.Pool{Type: "c5.large"}, 0) }, 96},
	} {
		t.Run(tc.why, func(t *testing.T) {
			w, account := limited(t, 1, 100)
			tc.breaks(w)
			w.launch(w.sized("uid", label.OnDemand, "c5.large", "m5.xlarge"))
			if left, _ := account.Left(standard); left != tc.left {
				t.Errorf("%d left, want %d", left, tc.left)
			}
			w.Cloud.Faults().Clear()
			w.Cloud.Stock().Set(cloud.Pool{}, 10)
			w.launch(w.sized("uid", label.OnDemand, "c5.large", "m5.xlarge"))
			if left, _ := account.Left(standard); left != min(tc.left, 98) {
				t.Errorf("%d left after it was made again", left)
			}
		})
	}
}

// KIT-031: who stops waiting does not know what comes of the launch: it stays counted.
func TestQuotaOfAbandonedLaunches(t *testing.T) {
	w, account := limited(t, 1, 100)
	w.fault(`[{"call": "ec2:CreateFleet", "times": 1, "delay": "10s"}]`)
	ctx, leave := context.WithCancel(t.Context())
	gone := make(chan error)
	go func() {
		_, err := w.launcher.Launch(ctx, w.sized("uid", label.OnDemand, "c5.large"))
		gone <- err
	}()
	for !w.Clock.HasWaiters() {
		runtime.Gosched()
	}
	leave()
	if err := <-gone; !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if left, _ := account.Left(standard); left != 98 {
		t.Errorf("%d left", left)
	}
	w.Clock.Step(10 * time.Second)
	if err := w.launcher.Close(t.Context()); err != nil {
		t.Error(err)
	}
}

func (w *world) fault(text string) {
	w.Helper()
	rules, err := fault.Parse([]byte(text), w.Cloud.Calls())
	if err != nil {
		w.Fatal(err)
	}
	w.Cloud.Faults().Add(rules...)
}

// AWS-441, AWS-451: when EC2 refuses what has room by the figures, less than one machine is
// left, those that the same fleet was given counted. The marks are by what one machine
// takes.
func TestRefusalsTeachTheQuota(t *testing.T) {
	w, account := limited(t, 3, 100)
	w.Cloud.Quotas().Set(cloudaws.QuotaOnDemand, 5) // somebody else has taken the rest
	var requests []fleet.Request
	for i := range 3 {
		requests = append(requests, w.sized(uid(i), label.OnDemand, "c5.large"))
	}
	if g := got(w.launch(requests...)); g != "c5.large=2 error=1" {
		t.Errorf("got %s", g)
	}
	if left, _ := account.Left(standard); left != 1 {
		t.Errorf("%d left", left)
	}
	if m := w.marks(); !strings.Contains(m, "capacityType=on-demand family=standard minVCPUs=2") {
		t.Errorf("marks %s", m)
	}
	again := w.launch(w.sized("another", label.OnDemand, "m5.large"))
	if !cloudprovider.IsInsufficientCapacityError(again[0].err) {
		t.Errorf("got %s", again)
	}
	w.fleets(1)
	w.learn(account)
	if left, _ := account.Left(standard); left != 1 {
		t.Errorf("%d left by the reading", left)
	}
}

// AWS-449: reserved machines draw on no quota, and without quotas nothing is limited.
func TestNothingToCountOn(t *testing.T) {
	account := quota.NewAccount(clock.RealClock{})
	w := newWorldWith(t, 1, func(o *fleet.Options) { o.Quotas = account })
	if g := got(w.launch(w.sized("uid", label.OnDemand, "c5.large"))); g != "c5.large=1" {
		t.Errorf("without quotas: %s", g)
	}
}

// AWS-450: whatever is launched side by side, the quota is not exceeded by what is asked
// for, and EC2 refuses nothing.
func TestNothingIsRefused(t *testing.T) {
	for _, vcpus := range []int{9, 24, 61} {
		t.Run(fmt.Sprint(vcpus), func(t *testing.T) {
			w, account := limited(t, 1000, vcpus)
			var requests []fleet.Request
			for i := range 40 {
				kinds := [][]string{{"c5.large", "m5.xlarge"}, {"m5.xlarge"}, {"c5.large", "m5.large", "c5.xlarge"}}[i%3]
				requests = append(requests, w.sized(uid(i), label.OnDemand, kinds...))
			}
			results := make(chan result, len(requests))
			for _, r := range requests {
				go func() {
					var out result
					out.Instance, out.err = w.launcher.Launch(context.Background(), r)
					results <- out
				}()
			}
			refused := 0
			for range requests { // those that EC2 was not asked about come first
				if left, _ := account.Left(standard); left < 2 {
					break
				}
				refused++
				if r := <-results; r.err == nil {
					t.Errorf("launched before the window closed: %s", r)
				}
			}
			if err := w.launcher.Close(t.Context()); err != nil {
				t.Fatal(err)
			}
			for range len(requests) - refused {
				if r := <-results; r.err != nil && !strings.Contains(r.err.Error(), "vCPU quota exceeded") {
					t.Errorf("got %s", r)
				}
			}
			if used := w.Cloud.Quotas().Used(cloudaws.QuotaOnDemand); used < vcpus-3 {
				t.Errorf("%d of %d vCPUs are used", used, vcpus)
			}
			for _, e := range w.Requests("ec2:CreateFleet") {
				if e.Code != "" {
					t.Errorf("refused: %+v", e)
				}
			}
			if m := w.marks(); m != "" {
				t.Errorf("marks %s", m)
			}
		})
	}
}
