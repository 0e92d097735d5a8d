// SPDX-License-Identifier: Apache-2.0

package profile_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"karpenter.sh/providers/aws/profile"
)

// AWS-093, AWS-094
func TestCleanUp(t *testing.T) {
	w := newWorld(t)
	c, d := nodeClass("default"), nodeClass("default-2")
	w.ensure(c)
	c.Spec.Role = otherRole
	w.ensure(c)
	kept := w.ensure(d)
	for n := range 110 { // more than a page
		w.somebody(fmt.Sprintf("left-%d", n), "/karpenter/us-west-2/c1/uid-default/")
	}
	w.somebody("elsewhere", "/karpenter/us-east-1/c1/uid-default/")
	w.must(w.CleanUp(t.Context(), c))
	w.want(kept, "elsewhere")
	w.must(w.CleanUp(t.Context(), c)) // nothing is left to do
}

// AWS-094: the profile of an earlier version.
func TestCleanUpOfTheLegacyProfile(t *testing.T) {
	name, _ := profile.Scope{Cluster: "c1", Region: "us-west-2"}.LegacyName("default")
	w := newWorld(t)
	w.somebody(name, "/", owned(), region("us-west-2"))
	w.somebody("c1_1", "/", owned(), region("us-west-2"))
	w.must(w.CleanUp(t.Context(), nodeClass("default")))
	w.want("c1_1")

	for _, tags := range [][]types.Tag{nil, {owned()}, {region("us-west-2")}, {owned(), region("us-east-1")}} {
		w = newWorld(t)
		w.somebody(name, "/", tags...)
		w.must(w.CleanUp(t.Context(), nodeClass("default")))
		w.want(name) // it is not the cluster's
	}
}

// AWS-093: a failure is told, and holds up no other profile.
func TestCleanUpFails(t *testing.T) {
	for _, call := range []string{"iam:DeleteInstanceProfile", "iam:RemoveRoleFromInstanceProfile"} {
		w := newWorld(t)
		c := nodeClass("default")
		w.ensure(c)
		c.Spec.Role = otherRole
		w.ensure(c)
		w.FailOnce(call, "AccessDenied", "no")
		if err := w.CleanUp(t.Context(), c); err == nil || !strings.Contains(err.Error(), "EC2NodeClass default") {
			t.Errorf("%s: got %v", call, err)
		}
		if left := w.all(); len(left) != 1 {
			t.Errorf("%s: left %v", call, left)
		}
		w.must(w.CleanUp(t.Context(), c))
		w.want()
	}
	for _, call := range []string{"iam:ListInstanceProfiles", "iam:GetInstanceProfile"} {
		w := newWorld(t)
		w.Fail(call, "ServiceFailure", "")
		if err := w.CleanUp(t.Context(), nodeClass("default")); err == nil {
			t.Errorf("%s: no error", call)
		}
	}
}

// AWS-094: IAM cannot be reached.
func TestCleanUpInAnIsolatedVPC(t *testing.T) {
	w := newWorld(t, func(o *profile.Options) { o.Isolated = true })
	if n := w.called(func() { w.must(w.CleanUp(t.Context(), nodeClass("default"))) }); n != 0 {
		t.Errorf("took %d calls", n)
	}
}
