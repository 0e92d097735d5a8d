// SPDX-License-Identifier: Apache-2.0

package nodeclass_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/smithy-go"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	clocktesting "k8s.io/utils/clock/testing"
	"k8s.io/utils/ptr"

	"karpenter.sh/core/cloudprovider/kit/nodeclass/resolution"
	v1 "karpenter.sh/providers/aws/apis/v1"
	"karpenter.sh/providers/aws/image"
	"karpenter.sh/providers/aws/nodeclass"
	"karpenter.sh/providers/aws/placement"
	"karpenter.sh/providers/aws/profile"
)

var errDown = errors.New("the cloud is down")

func start() time.Time { return time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC) }

// lister finds what it is given.
type lister[T any] struct {
	list []T
	err  error
}

func (l *lister[T]) List(context.Context, *v1.EC2NodeClass) ([]T, error) { return l.list, l.err }

type groups struct {
	group *placement.Group
	err   error
}

func (g *groups) Resolve(context.Context, *v1.EC2NodeClass) (*placement.Group, error) {
	return g.group, g.err
}

type profiles struct {
	name string
	err  error
}

func (p *profiles) Ensure(context.Context, *v1.EC2NodeClass) (string, error) { return p.name, p.err }
func (p *profiles) CleanUp(context.Context, *v1.EC2NodeClass) error          { return p.err }

// validator stands for validation.
type validator struct{}

func (validator) Condition() string { return v1.ConditionTypeValidationSucceeded }
func (validator) Resolve(context.Context, *v1.EC2NodeClass) (resolution.Outcome, error) {
	return resolution.True(0), nil
}

// sources are what resolvers ask.
type sources struct {
	images       lister[v1.AMI]
	subnets      lister[v1.Subnet]
	groups       lister[v1.SecurityGroup]
	reservations lister[v1.CapacityReservation]
	placement    groups
	profiles     profiles
}

func newSources() *sources {
	return &sources{
		images:   lister[v1.AMI]{list: []v1.AMI{{ID: "ami-1"}}},
		subnets:  lister[v1.Subnet]{list: []v1.Subnet{{ID: "subnet-1", Zone: "a"}}},
		groups:   lister[v1.SecurityGroup]{list: []v1.SecurityGroup{{ID: "sg-1"}}},
		profiles: profiles{name: "profile"},
	}
}

func (s *sources) options() nodeclass.Options {
	return nodeclass.Options{
		Images: &s.images, Subnets: &s.subnets, SecurityGroups: &s.groups, Reservations: &s.reservations,
		Groups: &s.placement, Profiles: &s.profiles, Validator: validator{}, Clock: clocktesting.NewFakePassiveClock(start()),
	}
}

// known is a NodeClass of which everything was found before.
func known(change ...func(*v1.EC2NodeClass)) *v1.EC2NodeClass {
	c := &v1.EC2NodeClass{
		ObjectMeta: metav1.ObjectMeta{Name: "default", UID: "uid", Generation: 1},
		Spec:       v1.EC2NodeClassSpec{Role: "node", AMISelectorTerms: []v1.AMISelectorTerm{{Alias: "al2023@latest"}}},
	}
	c.Status.AMIs = []v1.AMI{{ID: "ami-0"}}
	c.Status.Subnets = []v1.Subnet{{ID: "subnet-0", Zone: "a"}}
	c.Status.SecurityGroups = []v1.SecurityGroup{{ID: "sg-0"}}
	c.Status.CapacityReservations = []v1.CapacityReservation{{ID: "cr-0"}}
	c.Status.InstanceProfile = "before"
	for _, f := range change {
		f(c)
	}
	return c
}

func grouped(c *v1.EC2NodeClass) {
	c.Spec.PlacementGroupSelector = &v1.PlacementGroupSelector{Name: ptr.To("pg")}
}

func condition(c *v1.EC2NodeClass, name string) (found metav1.Condition) {
	for _, have := range c.Status.Conditions {
		if have.Type == name {
			return metav1.Condition(have)
		}
	}
	return found
}

// AWS-080, AWS-081: what each resolver makes of each answer, and what of the status stays.
func TestResolvers(t *testing.T) {
	t.Parallel()
	const same = "same" // the status is as it was
	for _, tc := range []struct {
		name      string
		condition string
		change    func(*sources)
		nodeClass func(*v1.EC2NodeClass)
		status    metav1.ConditionStatus
		reason    string
		message   string
		after     time.Duration
		fails     bool
		resolved  string
	}{
		{"AMIs", v1.ConditionTypeAMIsReady, nil, nil, "True", "", "", 5 * time.Minute, false, "ami-1"},
		{"no AMIs", v1.ConditionTypeAMIsReady, func(s *sources) { s.images.list = nil }, nil, "False", "AMINotFound", "AMISelector did not match any AMIs", time.Minute, false, ""},
		{"an alias without image for the version", v1.ConditionTypeAMIsReady, func(s *sources) {
			s.images = lister[v1.AMI]{err: &image.UnsupportedAliasError{Alias: "al2@latest", Reason: "none"}}
		}, nil, "False", "UnsupportedAlias", `alias "al2@latest" is not supported: none`, 10 * time.Minute, false, same},
		{"AWS-142: an alias of a release that nobody published", v1.ConditionTypeAMIsReady, func(s *sources) {
			s.images = lister[v1.AMI]{err: fmt.Errorf("reading a parameter: %w", image.ErrNoParameters)}
		}, func(c *v1.EC2NodeClass) { c.Spec.AMISelectorTerms = []v1.AMISelectorTerm{{Alias: "al2023@v19700101"}} },
			"False", "AMINotFound", `spec.amiSelectorTerms: no image of family AL2023 has version "v19700101"`, time.Minute, false, ""},
		{"AMIs cannot be read", v1.ConditionTypeAMIsReady, func(s *sources) { s.images = lister[v1.AMI]{err: errDown} }, nil, "", "", "", 0, true, same},
		{"subnets", v1.ConditionTypeSubnetsReady, nil, nil, "True", "", "", time.Minute, false, "subnet-1"},
		{"no subnets", v1.ConditionTypeSubnetsReady, func(s *sources) { s.subnets.list = nil }, nil, "False", "SubnetsNotFound", "SubnetSelector did not match any Subnets", time.Minute, false, ""},
		{"subnets cannot be read", v1.ConditionTypeSubnetsReady, func(s *sources) { s.subnets = lister[v1.Subnet]{err: errDown} }, nil, "", "", "", 0, true, same},
		{"groups", v1.ConditionTypeSecurityGroupsReady, nil, nil, "True", "", "", 5 * time.Minute, false, "sg-1"},
		{"no groups", v1.ConditionTypeSecurityGroupsReady, func(s *sources) { s.groups.list = nil }, nil, "False", "SecurityGroupsNotFound", "SecurityGroupSelector did not match any SecurityGroups", time.Minute, false, ""},
		{"groups cannot be read", v1.ConditionTypeSecurityGroupsReady, func(s *sources) { s.groups = lister[v1.SecurityGroup]{err: errDown} }, nil, "", "", "", 0, true, same},
		{"no reservations", v1.ConditionTypeCapacityReservationsReady, nil, nil, "True", "", "", time.Minute, false, ""},
		{"a reservation that ends soon", v1.ConditionTypeCapacityReservationsReady, func(s *sources) {
			s.reservations.list = []v1.CapacityReservation{{ID: "cr-1", EndTime: &metav1.Time{Time: start().Add(20 * time.Second)}}}
		}, nil, "True", "", "", 20 * time.Second, false, "cr-1"},
		{"a reservation that ends later", v1.ConditionTypeCapacityReservationsReady, func(s *sources) {
			s.reservations.list = []v1.CapacityReservation{{ID: "cr-1", EndTime: &metav1.Time{Time: start().Add(time.Hour)}}}
		}, nil, "True", "", "", time.Minute, false, "cr-1"},
		{"reservations cannot be read", v1.ConditionTypeCapacityReservationsReady, func(s *sources) { s.reservations = lister[v1.CapacityReservation]{err: errDown} }, nil, "", "", "", 0, true, same},
		{"no placement group is selected", v1.ConditionTypePlacementGroupReady, func(s *sources) { s.placement.err = errDown }, nil, "True", "", "", 0, false, ""},
		{"a placement group", v1.ConditionTypePlacementGroupReady, func(s *sources) { s.placement.group = &placement.Group{ID: "pg-1"} }, grouped, "True", "", "", time.Minute, false, ""},
		{"no such placement group", v1.ConditionTypePlacementGroupReady, func(s *sources) { s.placement.err = placement.ErrNotFound }, grouped, "False", "PlacementGroupNotFound", `Placement group "pg" not found`, time.Minute, false, ""},
		{"a placement group cannot be read", v1.ConditionTypePlacementGroupReady, func(s *sources) { s.placement.err = errDown }, grouped, "False", "PlacementGroupResolutionFailed", "Failed to resolve placement group", time.Minute, true, ""},
		{"a profile", v1.ConditionTypeInstanceProfileReady, nil, nil, "True", "", "", 5 * time.Minute, false, "profile"},
		{"no such role", v1.ConditionTypeInstanceProfileReady, func(s *sources) { s.profiles = profiles{err: profile.ErrRoleNotFound} }, nil, "False", "RoleNotFound", `spec.role: role "node" does not exist`, time.Minute, false, same},
		{"a profile cannot be made", v1.ConditionTypeInstanceProfileReady, func(s *sources) { s.profiles = profiles{err: errDown} }, nil, "", "", "", 0, true, same},
		{"AWS-080: a permission is missing", v1.ConditionTypeSubnetsReady, func(s *sources) {
			s.subnets = lister[v1.Subnet]{err: &smithy.GenericAPIError{Code: "UnauthorizedOperation", Message: "You are not authorized to perform: ec2:DescribeSubnets because no identity-based policy allows it"}}
		}, nil, "Unknown", "Unauthorized", "Controller isn't authorized to call ec2:DescribeSubnets", time.Minute, true, same},
		{"AWS-081: a permission is missing of late", v1.ConditionTypeSubnetsReady, func(s *sources) {
			s.subnets = lister[v1.Subnet]{err: &smithy.GenericAPIError{Code: "UnauthorizedOperation"}}
		}, func(c *v1.EC2NodeClass) { c.StatusConditions().SetTrue(v1.ConditionTypeSubnetsReady) }, "", "", "", 0, true, same},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			s, c := newSources(), known()
			if tc.change != nil {
				tc.change(s)
			}
			if tc.nodeClass != nil {
				tc.nodeClass(c)
			}
			resolvers := nodeclass.Resolvers(s.options())
			at := slices.IndexFunc(resolvers, func(r nodeclass.Resolver) bool { return r.Condition() == tc.condition })
			got, err := resolvers[at].Resolve(t.Context(), c)
			want := resolution.Outcome{Status: tc.status, Reason: tc.reason, Message: tc.message, After: tc.after}
			if got != want || (err != nil) != tc.fails {
				t.Errorf("got %+v, %v, want %+v", got, err, want)
			}
			resolved := map[string][2]string{
				v1.ConditionTypeAMIsReady:                 {ids(c.Status.AMIs, func(a v1.AMI) string { return a.ID }), "ami-0"},
				v1.ConditionTypeSubnetsReady:              {ids(c.Status.Subnets, func(a v1.Subnet) string { return a.ID }), "subnet-0"},
				v1.ConditionTypeSecurityGroupsReady:       {ids(c.Status.SecurityGroups, func(a v1.SecurityGroup) string { return a.ID }), "sg-0"},
				v1.ConditionTypeCapacityReservationsReady: {ids(c.Status.CapacityReservations, func(a v1.CapacityReservation) string { return a.ID }), "cr-0"},
				v1.ConditionTypeInstanceProfileReady:      {c.Status.InstanceProfile, "before"},
			}[tc.condition]
			if tc.resolved == same {
				tc.resolved = resolved[1]
			}
			if resolved[0] != tc.resolved {
				t.Errorf("the status has %q, want %q", resolved[0], tc.resolved)
			}
		})
	}
}

func ids[T any](list []T, id func(T) string) string {
	var out []string
	for _, item := range list {
		out = append(out, id(item))
	}
	return strings.Join(out, ",")
}

// AWS-080, AWS-433: the order, and nothing about reservations with the gate off.
func TestOrder(t *testing.T) {
	t.Parallel()
	order := func(o nodeclass.Options) string {
		return ids(nodeclass.Resolvers(o), func(r nodeclass.Resolver) string { return r.Condition() })
	}
	o := newSources().options()
	const rest = ",PlacementGroupReady,SubnetsReady,SecurityGroupsReady,InstanceProfileReady,ValidationSucceeded"
	if got := order(o); got != "AMIsReady,CapacityReservationsReady"+rest {
		t.Errorf("got %s", got)
	}
	if o.Reservations = nil; order(o) != "AMIsReady"+rest {
		t.Errorf("with the gate off: %s", order(o))
	}
}

// AWS-081: one part that cannot be read stops no other.
func TestOneFailure(t *testing.T) {
	t.Parallel()
	s := newSources()
	s.images = lister[v1.AMI]{err: errDown}
	got := resolution.Run(t.Context(), known(), nodeclass.Resolvers(s.options()))
	if !errors.Is(got.Err, errDown) || got.After != time.Minute || got.NodeClass.Status.Subnets[0].ID != "subnet-1" || got.NodeClass.Status.AMIs[0].ID != "ami-0" {
		t.Errorf("got %v, %v, %+v", got.Err, got.After, got.NodeClass.Status)
	}
	if is := condition(got.NodeClass, v1.ConditionTypeAMIsReady).Status; is != "Unknown" {
		t.Errorf("AMIsReady is %s", is)
	}
}
