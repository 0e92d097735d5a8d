// SPDX-License-Identifier: Apache-2.0

package fleet_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/prometheus/client_golang/prometheus"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/clock"

	"karpenter.sh/core/cloudprovider/kit/address"
	"karpenter.sh/core/cloudprovider/kit/health"
	"karpenter.sh/core/cloudprovider/kit/retry"
	"karpenter.sh/core/engine/label"
	v1 "karpenter.sh/providers/aws/apis/v1"
	"karpenter.sh/providers/aws/failure"
	"karpenter.sh/providers/aws/fleet"
	"karpenter.sh/providers/aws/instance"
	"karpenter.sh/providers/aws/internal/simtest"
	"karpenter.sh/providers/aws/launchtemplate"
	cloud "karpenter.sh/test/cloudsim/world"
)

// pool is a pool of addresses as launches use it.
type pool struct{ *address.Pool }

func (p pool) Reserve(launch string, subnets []v1.Subnet, needs map[string]int64) map[string]string {
	wants := map[string]*address.Want{}
	var list []address.Want
	for _, s := range subnets {
		if need, asked := needs[s.Zone]; asked {
			if wants[s.Zone] == nil {
				wants[s.Zone] = &address.Want{Zone: s.Zone, Need: need}
			}
			wants[s.Zone].Networks = append(wants[s.Zone].Networks, s.ID)
		}
	}
	for _, w := range wants {
		list = append(list, *w)
	}
	return p.Pool.Reserve(launch, list)
}

func (p pool) Settle(launch string, taken map[string]int64) { p.SettleEach(launch, taken) }

// counts remember what happened to reservations.
type counts struct {
	mu  sync.Mutex
	all []string
}

func (c *counts) add(text string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.all = append(c.all, text)
}
func (c *counts) Launched(id string) { c.add("launched " + id) }
func (c *counts) Refused(id string)  { c.add("refused " + id) }

// world is a launcher on the simulated cloud.
type world struct {
	*testing.T
	*simtest.Account
	launcher  *fleet.Launcher
	templates *launchtemplate.Templates
	pool      pool
	health    *health.Record
	counts    *counts
	registry  *prometheus.Registry

	mu      sync.Mutex
	surplus []string
}

// newWorld closes windows when so many requests have come.
func newWorld(t *testing.T, requests int, change ...func(*simtest.Options)) *world {
	t.Helper()
	return newWorldWith(t, requests, func(*fleet.Options) {}, change...)
}

func newWorldWith(t *testing.T, requests int, options func(*fleet.Options), change ...func(*simtest.Options)) *world {
	t.Helper()
	a := simtest.New(t, change...)
	api := ec2.NewFromConfig(a.Config)
	table, err := failure.New()
	if err != nil {
		t.Fatal(err)
	}
	w := &world{
		T: t, Account: a, counts: &counts{}, registry: prometheus.NewRegistry(),
		pool:   pool{address.New(address.Options{Clock: clock.RealClock{}})},
		health: health.New(health.Options{Clock: clock.RealClock{}}),
		templates: launchtemplate.New(launchtemplate.Options{
			API: api, Cluster: simtest.Cluster, Clock: clock.RealClock{}, Window: time.Millisecond,
		}),
	}
	metrics, err := fleet.NewMetrics(w.registry)
	if err != nil {
		t.Fatal(err)
	}
	o := fleet.Options{
		API: api, Templates: w.templates, Subnets: w.pool, Health: w.health, Reservations: w.counts, Table: table, Metrics: metrics,
		Surplus: func(_ context.Context, machines []instance.Instance) {
			w.mu.Lock()
			defer w.mu.Unlock()
			for _, m := range machines {
				w.surplus = append(w.surplus, m.ID)
			}
		},
		Failed: func(err error) { t.Error(err) },
		Clock:  clock.RealClock{}, Idle: time.Minute, MaxWait: time.Minute, MaxItems: requests,
		Retry: retry.Policy{First: time.Millisecond, Most: time.Millisecond, Calls: 10},
	}
	options(&o)
	w.launcher = fleet.New(o)
	t.Cleanup(func() {
		if err := w.launcher.Close(context.Background()); err != nil {
			t.Error(err)
		}
		w.templates.Close()
	})
	return w
}

// prices are the simulated ones.
func prices() map[string]float64 {
	return map[string]float64{
		"c5a.large": 0.077, "c5.large": 0.085, "c6i.large": 0.0850001, "m5a.large": 0.086, "m5.large": 0.096, "m6i.large": 0.0960001, "m7i.large": 0.1008,
		"c5a.xlarge": 0.154, "c5.xlarge": 0.17, "m5.xlarge": 0.192, "r5.large": 0.126,
	}
}

// request wants one of some types in all zones, or in one of "type@zone".
func (w *world) request(uid string, capacityType string, kinds ...string) fleet.Request {
	w.Helper()
	content := launchtemplate.Content{
		ImageID:  w.Setup.Parameters["/aws/service/eks/optimized-ami/1.34/amazon-linux-2023/x86_64/standard/recommended/image_id"],
		Metadata: v1.MetadataOptions{}, Placement: launchtemplate.Placement{Tenancy: v1.TenancyDefault},
		Interfaces: []launchtemplate.Interface{{SecurityGroups: []string{w.Setup.SecurityGroups[0].ID}}},
		Tags:       v1.Tags(&v1.EC2NodeClass{ObjectMeta: metav1.ObjectMeta{Name: "default"}}, simtest.Cluster, "pool"),
		Market:     launchtemplate.Market{Spot: capacityType == label.Spot, Preference: "none"},
	}
	name, err := content.Name()
	if err != nil {
		w.Fatal(err)
	}
	r := fleet.Request{
		UID: types.UID(uid), Templates: map[string]launchtemplate.Content{name: content},
		Terms: fleet.Terms{
			NodeClass: "default", CapacityType: capacityType, Tags: content.Tags, Tenancy: v1.TenancyDefault,
			SecurityGroupIDs: content.Interfaces[0].SecurityGroups,
		},
	}
	for _, s := range w.Setup.Subnets {
		r.Terms.Subnets = append(r.Terms.Subnets, v1.Subnet{ID: s.ID, Zone: s.Zone, ZoneID: "id-of-" + s.Zone})
	}
	for _, kind := range kinds {
		kind, only, _ := strings.Cut(kind, "@")
		price, known := prices()[kind]
		if !known {
			w.Fatalf("no price of %s", kind)
		}
		for _, z := range w.Setup.Zones {
			if only != "" && !strings.HasSuffix(z.Name, only) {
				continue
			}
			offered := price
			if capacityType == label.Spot {
				offered, _ = w.Cloud.Prices().Spot(cloud.Pool{Type: kind, Zone: z.Name, Capacity: capacityType}, price, simtest.Start())
			}
			r.Offers = append(r.Offers, fleet.Offer{
				Type: kind, VCPUs: 2, Zone: z.Name, ImageID: content.ImageID, Template: name, Price: offered, Addresses: 1,
			})
		}
	}
	return r
}

// result is what a request got.
type result struct {
	instance.Instance
	err error
}

func (r result) String() string {
	if r.err != nil {
		return "error: " + r.err.Error()
	}
	return r.Type
}

// launch launches all at once.
func (w *world) launch(requests ...fleet.Request) []result {
	w.Helper()
	out := make([]result, len(requests))
	var work sync.WaitGroup
	for i, r := range requests {
		work.Go(func() { out[i].Instance, out[i].err = w.launcher.Launch(w.Context(), r) })
	}
	work.Wait()
	seen := map[string]bool{}
	for i, r := range out {
		if r.err != nil {
			continue
		}
		if seen[r.ID] {
			w.Errorf("%s was given twice", r.ID)
		}
		seen[r.ID] = true
		if !slices.ContainsFunc(requests[i].Offers, func(o fleet.Offer) bool { return o.Type == r.Type && o.Zone == r.Zone }) {
			w.Errorf("%s got %s in %s, which it does not list", requests[i].UID, r.Type, r.Zone)
		}
	}
	return out
}

// running are the IDs of all machines that EC2 has, with their number.
func (w *world) running() []string {
	w.Helper()
	out, err := ec2.NewFromConfig(w.Config).DescribeInstances(w.Context(), &ec2.DescribeInstancesInput{})
	if err != nil {
		w.Fatal(err)
	}
	var ids []string
	for _, r := range out.Reservations {
		for _, i := range r.Instances {
			ids = append(ids, *i.InstanceId)
		}
	}
	return ids
}

// marks are what is marked unavailable, written as scopes.
func (w *world) marks() string {
	var out []string
	for _, e := range w.health.Snapshot().Entries() {
		out = append(out, e.Scope.String())
	}
	slices.Sort(out)
	return strings.Join(out, "\n")
}

func (w *world) fleets(want int) {
	w.Helper()
	if got := w.Calls("ec2:CreateFleet"); got != want {
		w.Errorf("%d calls of CreateFleet, want %d", got, want)
	}
}

func uid(n int) string { return fmt.Sprintf("uid-%d", n) }
