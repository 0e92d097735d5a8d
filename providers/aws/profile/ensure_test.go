// SPDX-License-Identifier: Apache-2.0

package profile_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"

	v1 "karpenter.sh/providers/aws/apis/v1"
	"karpenter.sh/providers/aws/internal/simtest"
	"karpenter.sh/providers/aws/profile"
)

// AWS-340, AWS-341
func TestEnsureMakesAProfile(t *testing.T) {
	w := newWorld(t)
	c := nodeClass("default")
	name := w.ensure(c)
	made := w.read(name)
	if *made.Path != "/karpenter/us-west-2/c1/uid-default/" || w.roleOf(name) != role {
		t.Errorf("made %s with role %q", *made.Path, w.roleOf(name))
	}
	var tags []string
	for _, tag := range made.Tags {
		tags = append(tags, *tag.Key+"="+*tag.Value)
	}
	slices.Sort(tags)
	if !slices.Equal(tags, []string{
		"eks:eks-cluster-name=c1", "karpenter.k8s.aws/ec2nodeclass=default",
		"kubernetes.io/cluster/c1=owned", "topology.kubernetes.io/region=us-west-2",
	}) {
		t.Errorf("tags %v", tags)
	}
	w.want(name)
}

// AWS-342: a profile that is as it should be costs a look-up each 15 min.
func TestEnsureCosts(t *testing.T) {
	w := newWorld(t)
	c := nodeClass("default")
	if n := w.called(func() { w.ensure(c) }); n != 2 {
		t.Errorf("making one took %d calls", n)
	}
	name := c.Status.InstanceProfile
	w.Clock.Step(10 * minute)
	if n := w.called(func() { w.ensure(c) }); n != 0 {
		t.Errorf("a fresh one took %d calls", n)
	}
	w.Clock.Step(6 * minute)
	if n := w.called(func() { w.ensure(c) }); n != 1 || c.Status.InstanceProfile != name {
		t.Errorf("one read long ago took %d calls and became %s", n, c.Status.InstanceProfile)
	}
}

// AWS-340: a profile of the user's is never looked at.
func TestEnsureOfTheUsersProfile(t *testing.T) {
	w := newWorld(t)
	c := nodeClass("default")
	c.Spec.Role, c.Spec.InstanceProfile = "", aws.String("mine")
	if n := w.called(func() { w.ensure(c) }); n != 0 || c.Status.InstanceProfile != "mine" {
		t.Errorf("took %d calls for %s", n, c.Status.InstanceProfile)
	}
}

// AWS-340, AWS-343: what changed, and what becomes of the old profile.
func TestEnsureReplaces(t *testing.T) {
	for _, tc := range []struct {
		reason string
		change func(*world, *v1.EC2NodeClass)
		stays  bool // in the account
	}{
		{"another role", func(_ *world, c *v1.EC2NodeClass) { c.Spec.Role = otherRole }, true},
		{"the profile was deleted", func(w *world, c *v1.EC2NodeClass) {
			w.delete(c.Status.InstanceProfile)
			w.Invalidate(c.Status.InstanceProfile)
		}, false},
		{"the profile was deleted, and nobody has noticed", func(w *world, c *v1.EC2NodeClass) {
			w.delete(c.Status.InstanceProfile)
			w.Clock.Step(16 * minute)
		}, false},
		{"the role was taken out", func(w *world, c *v1.EC2NodeClass) {
			w.detach(c.Status.InstanceProfile, role)
			w.Invalidate(c.Status.InstanceProfile)
		}, true},
		{"the role was changed for another", func(w *world, c *v1.EC2NodeClass) {
			w.detach(c.Status.InstanceProfile, role)
			w.attach(c.Status.InstanceProfile, otherRole)
			w.Invalidate(c.Status.InstanceProfile)
		}, true},
		{"the status was emptied", func(_ *world, c *v1.EC2NodeClass) { c.Status.InstanceProfile = "" }, true},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			w := newWorld(t)
			c := nodeClass("default")
			before := w.ensure(c)
			w.Clock.Step(2 * minute)
			tc.change(w, c)
			had := c.Status.InstanceProfile
			after := w.ensure(c)
			if after == before || w.roleOf(after) != c.Spec.Role {
				t.Fatalf("got %s with role %s", after, w.roleOf(after))
			}
			if tc.stays {
				w.want(before, after)
			} else {
				w.want(after)
			}
			if had != "" && !w.Protected(before) || !w.Protected(after) {
				t.Error("the old or the new profile is not protected")
			}
			w.Clock.Step(time.Hour)
			if w.Protected(before) || w.Protected(after) {
				t.Error("protected after an hour")
			}
			if n := w.called(func() { w.ensure(c) }); c.Status.InstanceProfile != after || n > 1 {
				t.Errorf("then took %d calls and became %s", n, c.Status.InstanceProfile)
			}
		})
	}
}

// AWS-341: roles with a path, or given as ARN, are compared by their last segment.
func TestEnsureOfRolesWithAPath(t *testing.T) {
	for _, given := range []string{otherRole, "team/" + otherRole, "/team/" + otherRole, "arn:aws:iam::111122223333:role/team/" + otherRole} {
		t.Run(given, func(t *testing.T) {
			w := newWorld(t)
			c := nodeClass("default")
			c.Spec.Role = given
			name := w.ensure(c)
			for range 3 {
				w.Clock.Step(16 * minute)
				w.ensure(c)
			}
			w.want(name)
			if w.roleOf(name) != otherRole {
				t.Errorf("role %s", w.roleOf(name))
			}
		})
	}
	w := newWorld(t)
	c := nodeClass("default")
	c.Spec.Role = "team/"
	if n := w.called(func() { _ = w.try(c, 1) }); n != 0 || w.try(c, 1) == nil {
		t.Errorf("a role without name took %d calls", n)
	}
}

// AWS-342: the status that was to tell of the profile was not written.
func TestEnsureAfterALostStatus(t *testing.T) {
	w := newWorld(t)
	c := nodeClass("default")
	first, err := w.Ensure(t.Context(), c)
	w.must(err)
	w.Clock.Step(59 * time.Second)
	again := ""
	if n := w.called(func() { again, err = w.Ensure(t.Context(), c) }); n != 0 || again != first || err != nil {
		t.Errorf("took %d calls for %s, %v", n, again, err)
	}
	c.Spec.Role = otherRole
	other, err := w.Ensure(t.Context(), c)
	w.must(err)
	if other == first {
		t.Error("another role got the same profile")
	}
	d := nodeClass("another")
	if w.ensure(d) == first {
		t.Error("another NodeClass got the same profile")
	}
}

// AWS-342: of a role that is missing nothing is left, and it is asked for once a minute.
func TestEnsureWithoutRole(t *testing.T) {
	w := newWorld(t)
	c := nodeClass("default")
	c.Spec.Role = "Nobody"
	if n := w.called(func() {
		if err := w.try(c, 10); !errors.Is(err, profile.ErrRoleNotFound) {
			t.Errorf("got %v", err)
		}
	}); n != 3 {
		t.Errorf("took %d calls", n)
	}
	w.want()
	w.Clock.Step(minute)
	if n := w.called(func() { _ = w.try(c, 10) }); n != 3 {
		t.Errorf("a minute later took %d calls", n)
	}
	if made := w.Requests("iam:CreateInstanceProfile"); made[0].Input["InstanceProfileName"] == made[1].Input["InstanceProfileName"] {
		t.Error("a name was used again, which EC2 may take for the one that was deleted")
	}
	c.Spec.Role = role
	w.want(w.ensure(c))
}

// AWS-342: also when what was made for it cannot be deleted at once.
func TestEnsureWithoutRoleNorDeletion(t *testing.T) {
	w := newWorld(t)
	c := nodeClass("default")
	c.Spec.Role = "Nobody"
	w.Fail("iam:DeleteInstanceProfile", "AccessDenied", "")
	for range 5 {
		if err := w.try(c, 1); !errors.Is(err, profile.ErrRoleNotFound) {
			t.Errorf("got %v", err)
		}
		w.Clock.Step(minute)
	}
	if left := w.all(); len(left) != 1 {
		t.Errorf("left %v", left)
	}
}

// AWS-300: the word "role" in the name of a cluster says nothing about roles.
func TestEnsureInAClusterNamedRole(t *testing.T) {
	w := newWorld(t)
	p := w.process(func(o *profile.Options) { o.Scope.Cluster = "my-role" })
	w.Cloud.Lag("instance-profile", 10*time.Second)
	if _, err := p.Ensure(t.Context(), nodeClass("default")); err == nil || errors.Is(err, profile.ErrRoleNotFound) {
		t.Errorf("got %v", err)
	}
}

// AWS-342: whatever goes wrong with a call, and however often, retries end with one
// profile.
func TestEnsureLeavesNothingBehind(t *testing.T) {
	for _, tc := range []struct {
		reason, rules string
		retries       int
	}{
		{"the answer about the creation is lost", `[{"call": "iam:CreateInstanceProfile", "times": 1, "lost": true}]`, 1},
		{"the answer about the role is lost", `[{"call": "iam:AddRoleToInstanceProfile", "times": 1, "lost": true}]`, 1},
		{"both are lost, and again", `[{"call": "iam:CreateInstanceProfile", "times": 2, "lost": true}, {"call": "iam:AddRoleToInstanceProfile", "times": 2, "lost": true}]`, 2},
		{"the creation fails but has an effect", `[{"call": "iam:CreateInstanceProfile", "times": 3, "effective": true, "error": {"code": "ServiceFailure"}}]`, 1},
		{"the role is throttled", `[{"call": "iam:AddRoleToInstanceProfile", "times": 20, "error": {"code": "Throttling"}}]`, 20},
		{"neither may a role be put in nor a profile be deleted",
			`[{"call": "iam:AddRoleToInstanceProfile", "times": 20, "error": {"code": "AccessDenied"}}, {"call": "iam:DeleteInstanceProfile", "error": {"code": "AccessDenied"}}]`, 20},
		{"the creation comes late", `[{"call": "iam:CreateInstanceProfile", "times": 1, "late": "5s", "error": {"code": "ServiceFailure"}}]`, 1},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			w := newWorld(t)
			c := nodeClass("default")
			w.Fault(tc.rules)
			for range tc.retries {
				if err := w.try(c, 1); err == nil {
					t.Fatal("no error")
				}
				w.Step(10 * time.Second)
			}
			name := w.ensure(c)
			w.want(name)
			if w.roleOf(name) != role {
				t.Errorf("role %q", w.roleOf(name))
			}
		})
	}
}

// AWS-342: the SDK's own retries meet what their first attempt did.
func TestEnsureWithRetriesOfTheSDK(t *testing.T) {
	a := simtest.New(t, func(o *simtest.Options) { o.Attempts = 3 })
	p := profile.New(profile.Options{API: iam.NewFromConfig(a.Config), Scope: profile.Scope{Cluster: "c1", Region: "us-west-2"}, Clock: a.Clock})
	t.Cleanup(p.Close)
	a.Fault(`[{"call": "iam:CreateInstanceProfile", "times": 1, "lost": true}, {"call": "iam:AddRoleToInstanceProfile", "times": 1, "lost": true}]`)
	if _, err := p.Ensure(t.Context(), nodeClass("default")); err != nil {
		t.Error(err)
	}
}

// AWS-341, AWS-342: IAM shows what was made only later.
func TestEnsureWhileIAMLags(t *testing.T) {
	w := newWorld(t)
	w.Cloud.Lag("instance-profile", 10*time.Second)
	c := nodeClass("default")
	if err := w.try(c, 5); err == nil {
		t.Error("no error")
	}
	w.Clock.Step(10 * time.Second)
	name := w.ensure(c)
	w.want(name)

	d := nodeClass("quick") // a profile of which IAM knows nothing just after it was made
	w.Cloud.Lag("instance-profile", 0)
	quick := w.ensure(d)
	w.Cloud.Lag("instance-profile", 5*minute)
	w.Clock.Step(2 * minute)
	if w.ensure(d) != quick {
		t.Error("what was made here was not believed")
	}
}

// AWS-341: somebody puts another role into a draft.
func TestEnsureTakesAnotherRoleOut(t *testing.T) {
	w := newWorld(t, ids)
	c := nodeClass("default")
	w.FailOnce("iam:AddRoleToInstanceProfile", "Throttling", "")
	_ = w.try(c, 1)
	draft := profile.Scope{Cluster: "c1", Region: "us-west-2"}.Name("default", "1")
	w.attach(draft, otherRole)
	if name := w.ensure(c); name != draft || w.roleOf(name) != role {
		t.Errorf("got %s with role %s", name, w.roleOf(name))
	}
}

// AWS-340: while IAM does not answer nothing is made, and what was known is used.
func TestEnsureWhileIAMFails(t *testing.T) {
	w := newWorld(t)
	c := nodeClass("default")
	name := w.ensure(c)
	w.Fail("iam:GetInstanceProfile", "ServiceFailure", "")
	w.Clock.Step(time.Hour)
	if w.ensure(c) != name {
		t.Error("what was known is not used")
	}
	w.Profiles = w.process() // a restart
	if err := w.try(c, 3); err == nil {
		t.Error("no error")
	}
	w.want(name)
	w.Heal()
	if w.ensure(c) != name {
		t.Error("made another")
	}
}

// AWS-342: a process that dies before the status is written leaves a profile; its
// successor makes its own.
func TestEnsureAfterACrash(t *testing.T) {
	w := newWorld(t)
	c := nodeClass("default")
	lost, err := w.Ensure(t.Context(), c)
	w.must(err)
	w.Profiles = w.process()
	if name := w.ensure(c); name == lost {
		t.Error("the name is not unique")
	}
	if w.Protected(lost) {
		t.Error("a process knows what another did")
	}
}
