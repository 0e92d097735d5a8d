// SPDX-License-Identifier: Apache-2.0

package fleet_test

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	apitypes "k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/clock"

	"karpenter.sh/core/cloudprovider/kit/address"
	"karpenter.sh/core/cloudprovider/kit/health"
	"karpenter.sh/core/engine/label"
	v1 "karpenter.sh/providers/aws/apis/v1"
	"karpenter.sh/providers/aws/choice"
	"karpenter.sh/providers/aws/failure"
	"karpenter.sh/providers/aws/fleet"
	"karpenter.sh/providers/aws/internal/simtest"
	"karpenter.sh/providers/aws/launchtemplate"
)

// BenchmarkLaunch launches machines for NodeClaims of different shapes, all asked for at
// once, in an account that knows no launch template and throttles as AWS documents. Run it
// with -benchtime=1x; it reports, beside the seconds of the slowest request, calls by
// name and those that were throttled. "kinds" is how many different lists of offers there
// are, which is how many calls it takes to merge equal requests only.
func BenchmarkLaunch(b *testing.B) {
	for _, capacityType := range []string{label.OnDemand, label.Spot} {
		for _, size := range []struct{ requests, shapes int }{{1, 1}, {100, 20}, {1000, 20}, {1000, 200}} {
			for _, latency := range []time.Duration{50 * time.Millisecond, 300 * time.Millisecond} {
				b.Run(fmt.Sprintf("%s/requests=%d/shapes=%d/latency=%v", capacityType, size.requests, size.shapes, latency), func(b *testing.B) {
					for range b.N {
						measure(b, capacityType, size.requests, size.shapes, latency)
					}
				})
			}
		}
	}
}

func measure(b *testing.B, capacityType string, n, shapes int, latency time.Duration) {
	b.StopTimer()
	a := simtest.New(b, func(o *simtest.Options) {
		o.RealTime, o.Latency, o.Cloud.Unlimited, o.Attempts = true, latency, false, 3
		o.Cloud.Stock = 100000
	})
	api := ec2.NewFromConfig(a.Config)
	table, err := failure.New()
	if err != nil {
		b.Fatal(err)
	}
	templates := launchtemplate.New(launchtemplate.Options{API: api, Cluster: simtest.Cluster, Clock: clock.RealClock{}})
	launcher := fleet.New(fleet.Options{
		API: api, Templates: templates, Subnets: pool{address.New(address.Options{Clock: clock.RealClock{}})},
		Health: health.New(health.Options{Clock: clock.RealClock{}}), Reservations: &counts{}, Table: table,
		Clock: clock.RealClock{}, Failed: func(err error) { b.Error(err) },
	})
	defer templates.Close()
	kinds := catalogue(b, a, api)
	requests := make([]fleet.Request, n)
	lists := map[string]bool{}
	for i := range requests {
		requests[i] = shaped(a, capacityType, kinds, i%shapes)
		requests[i].UID = apitypes.UID(uid(i))
		lists[fmt.Sprint(requests[i].Offers)] = true
	}
	before := a.Cloud.Journal().Total()

	b.StartTimer()
	start := time.Now()
	var failures atomic.Int64
	var work sync.WaitGroup
	for _, r := range requests {
		work.Go(func() {
			if _, err := launcher.Launch(b.Context(), r); err != nil {
				failures.Add(1)
				b.Log(err)
			}
		})
	}
	work.Wait()
	b.StopTimer()
	b.ReportMetric(time.Since(start).Seconds(), "s")
	if err := launcher.Close(context.Background()); err != nil {
		b.Error(err)
	}
	throttled := 0
	calls := map[string]int{}
	for _, e := range a.Cloud.Journal().Entries("", before) {
		calls[e.Call]++
		if e.Code == "RequestLimitExceeded" {
			throttled++
		}
	}
	b.ReportMetric(float64(calls["ec2:CreateFleet"]), "CreateFleet")
	b.ReportMetric(float64(calls["ec2:CreateLaunchTemplate"]), "CreateLaunchTemplate")
	b.ReportMetric(float64(calls["ec2:DescribeLaunchTemplates"]), "DescribeLaunchTemplates")
	b.ReportMetric(float64(throttled), "throttled")
	b.ReportMetric(float64(len(lists)), "kinds")
	b.ReportMetric(float64(failures.Load()), "failed")
}

// kind is a type as far as launches go.
type kind struct {
	name      string
	vcpus, gb int64
	pods      int32
	price     float64
}

// catalogue are the simulated types of x86, the cheapest first.
func catalogue(b *testing.B, a *simtest.Account, api *ec2.Client) []kind {
	b.Helper()
	var out []kind
	pages := ec2.NewDescribeInstanceTypesPaginator(api, &ec2.DescribeInstanceTypesInput{})
	for pages.HasMorePages() {
		page, err := pages.NextPage(b.Context())
		if err != nil {
			b.Fatal(err)
		}
		for _, t := range page.InstanceTypes {
			if !slices.Contains(t.ProcessorInfo.SupportedArchitectures, types.ArchitectureTypeX8664) || t.GpuInfo != nil || t.NeuronInfo != nil {
				continue
			}
			k := kind{
				name: string(t.InstanceType), vcpus: int64(*t.VCpuInfo.DefaultVCpus), gb: *t.MemoryInfo.SizeInMiB / 1024,
				pods: *t.NetworkInfo.MaximumNetworkInterfaces*(*t.NetworkInfo.Ipv4AddressesPerInterface-1) + 2,
			}
			k.price = 0.03*float64(k.vcpus) + 0.004*float64(k.gb) + float64(len(out))/1e6
			out = append(out, k)
		}
	}
	slices.SortFunc(out, func(x, y kind) int { return cmp.Compare(x.price, y.price) })
	return out
}

// shaped is a request of one shape. Shapes differ by the CPUs that their pods need, by a
// family that they exclude, and by a zone that they exclude. A request lists up to 60
// types; each number of pods and CPUs has a template of its own, as the user data say
// both (AWS-261).
func shaped(a *simtest.Account, capacityType string, kinds []kind, shape int) fleet.Request {
	cpu, without, closed := []int64{1, 3, 7, 15}[shape%4], shape/4%14, shape/56%4
	families := map[string]int{}
	r := fleet.Request{Templates: map[string]launchtemplate.Content{}, Terms: fleet.Terms{
		NodeClass: "default", CapacityType: capacityType, Tenancy: v1.TenancyDefault,
		Tags: v1.Tags(&v1.EC2NodeClass{ObjectMeta: metav1.ObjectMeta{Name: "default"}}, simtest.Cluster, "pool"),
	}}
	for _, s := range a.Setup.Subnets {
		r.Terms.Subnets = append(r.Terms.Subnets, v1.Subnet{ID: s.ID, Zone: s.Zone})
	}
	listed := 0
	for _, k := range kinds {
		family, _, _ := strings.Cut(k.name, ".")
		if _, known := families[family]; !known {
			families[family] = len(families) + 1
		}
		if k.vcpus <= cpu || families[family] == without || listed == choice.MaxTypes {
			continue
		}
		listed++
		c := launchtemplate.Content{
			ImageID:    a.Setup.Parameters["/aws/service/eks/optimized-ami/1.34/amazon-linux-2023/x86_64/standard/recommended/image_id"],
			UserData:   "dXNlcg==",
			Interfaces: []launchtemplate.Interface{{SecurityGroups: []string{a.Setup.SecurityGroups[0].ID}}},
			Tags:       map[string]string{"pods": fmt.Sprint(k.pods), "cpus": fmt.Sprint(k.vcpus)},
			Market:     launchtemplate.Market{Spot: capacityType == label.Spot, Preference: "none"},
			Placement:  launchtemplate.Placement{Tenancy: v1.TenancyDefault},
		}
		name, _ := c.Name()
		r.Templates[name] = c
		for i, s := range a.Setup.Subnets {
			if i+1 == closed {
				continue
			}
			price := k.price
			if capacityType == label.Spot {
				price *= 0.3 + float64((int(k.pods)+7*i)%10)/100
			}
			r.Offers = append(r.Offers, fleet.Offer{Type: k.name, VCPUs: k.vcpus, Zone: s.Zone, ImageID: c.ImageID, Template: name, Price: price, Addresses: 1})
		}
	}
	return r
}
