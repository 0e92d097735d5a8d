// SPDX-License-Identifier: Apache-2.0

package network_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"k8s.io/utils/clock"

	v1 "karpenter.sh/providers/aws/apis/v1"
	"karpenter.sh/providers/aws/internal/simtest"
	"karpenter.sh/providers/aws/network"
	cloudaws "karpenter.sh/test/cloudsim/aws"
	"karpenter.sh/test/cloudsim/journal"
	"karpenter.sh/test/cloudsim/wire"
)

const (
	describeSubnets = "ec2:DescribeSubnets"
	describeGroups  = "ec2:DescribeSecurityGroups"
)

// world is an account and what looks at it.
type world struct {
	*simtest.Account
	addresses *network.Addresses
	subnets   *network.Subnets
	groups    *network.SecurityGroups
}

func newWorld(t *testing.T, interval time.Duration, change ...func(*simtest.Options)) *world {
	t.Helper()
	a := simtest.New(t, change...)
	api := ec2.NewFromConfig(a.Config)
	w := &world{Account: a, addresses: network.NewAddresses(network.AddressOptions{Clock: a.Clock, Interval: interval})}
	w.subnets = network.NewSubnets(network.SubnetOptions{API: api, Addresses: w.addresses, Clock: a.Clock, Interval: interval})
	w.groups = network.NewSecurityGroups(network.SecurityGroupOptions{API: api, Clock: a.Clock})
	t.Cleanup(w.subnets.Close)
	t.Cleanup(w.groups.Close)
	return w
}

// threeSubnets are a, b and c, of a zone each, of which b is the largest.
func threeSubnets(o *simtest.Options) {
	discovery := map[string]string{"karpenter.sh/discovery": "c1"}
	o.Cloud.Setup.Subnets = []cloudaws.Subnet{
		{ID: "subnet-a", Zone: "us-west-2a", CIDR: "10.0.0.0/26", Tags: discovery},
		{ID: "subnet-b", Zone: "us-west-2b", CIDR: "10.0.1.0/24", Tags: map[string]string{"karpenter.sh/discovery": "c1", "tier": "private"}},
		{ID: "subnet-c", Zone: "us-west-2c", CIDR: "10.0.2.0/26", Tags: discovery},
	}
}

func nodeClass(terms ...v1.SubnetSelectorTerm) *v1.EC2NodeClass {
	c := &v1.EC2NodeClass{}
	c.Name, c.UID, c.Generation = "default", "uid-1", 1
	c.Spec.SubnetSelectorTerms = terms
	return c
}

func tagged(kv ...string) v1.SubnetSelectorTerm {
	tags := map[string]string{}
	for i := 0; i < len(kv); i += 2 {
		tags[kv[i]] = kv[i+1]
	}
	return v1.SubnetSelectorTerm{Tags: tags}
}

func (w *world) list(t *testing.T, c *v1.EC2NodeClass) []v1.Subnet {
	t.Helper()
	got, err := w.subnets.List(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func ids(subnets []v1.Subnet) string {
	var out []string
	for _, s := range subnets {
		out = append(out, strings.TrimPrefix(s.ID, "subnet-"))
	}
	return strings.Join(out, ",")
}

// filters are what a request asked for.
func filters(e journal.Entry) string {
	var out []string
	for _, f := range wire.Tree(e.Input).Trees("Filters") {
		out = append(out, fmt.Sprint(f.Str("Name"), "=", f.Strs("Values")))
	}
	return strings.Join(out, " ")
}

// AWS-130, AWS-082: what terms select, in which order, by which queries.
func TestSubnets(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		terms   []v1.SubnetSelectorTerm
		want    string
		queries []string
	}{
		"AWS-082 by ID": {
			terms: []v1.SubnetSelectorTerm{tagged("karpenter.sh/discovery", "c1")}, want: "a,b,c",
			queries: []string{"tag:karpenter.sh/discovery=[c1]"},
		},
		"AWS-130 IDs are one query": {
			terms: []v1.SubnetSelectorTerm{{ID: "subnet-c"}, {ID: "subnet-a"}}, want: "a,c",
			queries: []string{"subnet-id=[subnet-a subnet-c]"},
		},
		"AWS-130 keys are ANDed, * is any value": {
			terms: []v1.SubnetSelectorTerm{tagged("karpenter.sh/discovery", "c1", "tier", "*")}, want: "b",
			queries: []string{"tag:karpenter.sh/discovery=[c1] tag-key=[tier]"},
		},
		"AWS-130 terms are ORed, results deduplicated": {
			terms: []v1.SubnetSelectorTerm{tagged("tier", "priv*"), {ID: "subnet-b"}, {ID: "subnet-a"}}, want: "a,b",
			queries: []string{"subnet-id=[subnet-a subnet-b]", "tag:tier=[priv*]"},
		},
		"AWS-080 no match is an empty list":           {terms: []v1.SubnetSelectorTerm{{ID: "subnet-x"}}, queries: []string{"subnet-id=[subnet-x]"}},
		"AWS-130 a term without keys selects nothing": {terms: []v1.SubnetSelectorTerm{{}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, 0, threeSubnets)
			if got := ids(w.list(t, nodeClass(test.terms...))); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
			var queries []string
			for _, e := range w.Requests(describeSubnets) {
				queries = append(queries, filters(e))
			}
			slices.Sort(queries)
			if fmt.Sprint(queries) != fmt.Sprint(test.queries) {
				t.Errorf("queries %q, want %q", queries, test.queries)
			}
		})
	}
}

// AWS-133: the status names the zone by both its names.
func TestSubnetZones(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 0, threeSubnets)
	want := v1.Subnet{ID: "subnet-b", Zone: "us-west-2b", ZoneID: "usw2-az2"}
	if got := w.list(t, nodeClass(v1.SubnetSelectorTerm{ID: "subnet-b"})); len(got) != 1 || got[0] != want {
		t.Errorf("got %v, want %v", got, want)
	}
}

// AWS-131: a subnet of IPv6 alone has no IPv4 addresses, and room all the same.
func TestSubnetsOfIPv6(t *testing.T) {
	t.Parallel()
	c := clock.RealClock{}
	addresses := network.NewAddresses(network.AddressOptions{Clock: c})
	subnets := network.NewSubnets(network.SubnetOptions{API: native{}, Addresses: addresses, Clock: c})
	defer subnets.Close()
	list, err := subnets.List(t.Context(), nodeClass(tagged("a", "b")))
	if err != nil {
		t.Fatal(err)
	}
	if got := addresses.Reserve("launch", list, network.Needs{"us-west-2a": 1, "us-west-2b": 1}); len(got) != 1 || got["us-west-2a"] != "subnet-6" {
		t.Errorf("chosen %v", got)
	}
}

// native is EC2 with a subnet of IPv6 alone, and a full one.
type native struct{}

func (native) DescribeSubnets(context.Context, *ec2.DescribeSubnetsInput, ...func(*ec2.Options)) (*ec2.DescribeSubnetsOutput, error) {
	return &ec2.DescribeSubnetsOutput{Subnets: []types.Subnet{
		{SubnetId: aws.String("subnet-6"), AvailabilityZone: aws.String("us-west-2a"), AvailableIpAddressCount: aws.Int32(0), Ipv6Native: aws.Bool(true)},
		{SubnetId: aws.String("subnet-4"), AvailabilityZone: aws.String("us-west-2b"), AvailableIpAddressCount: aws.Int32(0)},
	}}, nil
}

// AWS-130: kept per UID and generation for the refresh interval.
func TestSubnetsAreKept(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 10*time.Minute, threeSubnets)
	c := nodeClass(tagged("karpenter.sh/discovery", "c1"))
	asked := func(want int, why string) {
		t.Helper()
		if got := w.Calls(describeSubnets); got != want {
			t.Errorf("%d calls, want %d: %s", got, want, why)
		}
	}
	first := w.list(t, c)
	first[0].ID = "changed by the caller"
	w.Step(7 * time.Minute)
	if got := ids(w.list(t, c)); got != "a,b,c" {
		t.Errorf("got %q", got)
	}
	asked(1, "the list is fresh")
	w.Step(3 * time.Minute)
	w.list(t, c)
	asked(2, "the interval is over")
	c.Generation = 2
	w.list(t, c)
	asked(3, "the NodeClass changed")
	other := nodeClass(tagged("karpenter.sh/discovery", "c1"))
	other.UID = "uid-2"
	w.list(t, other)
	asked(4, "another NodeClass")
}

// AWS-081: a failure is an error, not an empty list, once what is known is old; and it
// passes.
func TestSubnetFailures(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 0, threeSubnets)
	c := nodeClass(tagged("karpenter.sh/discovery", "c1"), v1.SubnetSelectorTerm{ID: "subnet-a"})
	w.list(t, c)
	w.Fault(`[{"call": "ec2:DescribeSubnets", "match": {"Name": "subnet-id"}, "error": {"code": "InternalError"}}]`)
	w.Step(2 * time.Minute)
	got, err := w.subnets.List(t.Context(), c)
	if err == nil || got != nil || !strings.Contains(err.Error(), "InternalError") || !strings.Contains(err.Error(), "EC2NodeClass default") {
		t.Errorf("got %v, %v", got, err)
	}
	w.Heal()
	if got := ids(w.list(t, c)); got != "a,b,c" {
		t.Errorf("after the failure got %q", got)
	}
}

// CP-089: all pages are read, and a page that fails is a failure.
func TestSubnetPages(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 0, func(o *simtest.Options) {
		o.Cloud.Setup.Subnets = nil
		for i := range 501 {
			o.Cloud.Setup.Subnets = append(o.Cloud.Setup.Subnets, cloudaws.Subnet{
				ID: fmt.Sprintf("subnet-%03d", i), Zone: "us-west-2a", CIDR: fmt.Sprintf("10.%d.%d.0/28", i/250, i%250),
				Tags: map[string]string{"k": "v"},
			})
		}
	})
	c := nodeClass(tagged("k", "v"))
	w.Fault(`[{"call": "ec2:DescribeSubnets", "page": 2, "times": 1, "error": {"code": "Unavailable"}}]`)
	if got, err := w.subnets.List(t.Context(), c); err == nil {
		t.Errorf("got %d subnets of a list that failed half-way", len(got))
	}
	if _, known := w.addresses.Free("subnet-000"); known {
		t.Error("half a list was taken for a reading")
	}
	if got := len(w.list(t, c)); got != 501 {
		t.Errorf("got %d subnets", got)
	}
	if got := w.Calls(describeSubnets); got != 4 {
		t.Errorf("%d calls, want 2 pages twice", got)
	}
}

// AWS-130, AWS-082: security groups by ID, name and tags, ordered by ID; kept for a
// minute.
func TestSecurityGroups(t *testing.T) {
	t.Parallel()
	setup := func(o *simtest.Options) {
		o.Cloud.Setup.SecurityGroups = []cloudaws.SecurityGroup{
			{ID: "sg-3", Name: "nodes"}, {ID: "sg-1", Name: "nodes", VPC: "vpc-2"},
			{ID: "sg-2", Name: "extra", Tags: map[string]string{"k": "v"}},
		}
	}
	for name, test := range map[string]struct {
		terms   []v1.SecurityGroupSelectorTerm
		want    string
		queries int
	}{
		"AWS-130 IDs, names and tags in one query each": {
			terms: []v1.SecurityGroupSelectorTerm{{Name: "nodes"}, {ID: "sg-3"}, {Tags: map[string]string{"k": "*"}}, {Name: "other"}, {ID: "sg-2"}},
			want:  "[{sg-1 nodes} {sg-2 extra} {sg-3 nodes}]", queries: 3,
		},
		"AWS-013 the ID wins over the name": {
			terms: []v1.SecurityGroupSelectorTerm{{ID: "sg-2", Name: "nodes"}}, want: "[{sg-2 extra}]", queries: 1,
		},
		"AWS-080 no match is an empty list": {terms: []v1.SecurityGroupSelectorTerm{{Name: "none"}}, want: "[]", queries: 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, 0, setup)
			c := nodeClass()
			c.Spec.SecurityGroupSelectorTerms = test.terms
			for range 3 {
				got, err := w.groups.List(t.Context(), c)
				if err != nil || fmt.Sprint(got) != test.want {
					t.Errorf("got %v, %v, want %s", got, err, test.want)
				}
			}
			if got := w.Calls(describeGroups); got != test.queries {
				t.Errorf("%d calls, want %d", got, test.queries)
			}
			w.Step(time.Minute + 1)
			w.Fail(describeGroups, "InternalError", "")
			if got, err := w.groups.List(t.Context(), c); err == nil {
				t.Errorf("got %v although the call fails", got)
			}
		})
	}
}
