// SPDX-License-Identifier: Apache-2.0

package profile_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	kubetypes "k8s.io/apimachinery/pkg/types"

	v1 "karpenter.sh/providers/aws/apis/v1"
	"karpenter.sh/providers/aws/internal/simtest"
	"karpenter.sh/providers/aws/profile"
)

const (
	role      = "KarpenterNodeRole-c1"
	otherRole = "Other"
)

// world is an account with two roles, one of them with a path, and Profiles of it.
type world struct {
	*testing.T
	*simtest.Account
	*profile.Profiles
	iam *iam.Client
}

func newWorld(t *testing.T, change ...func(*profile.Options)) *world {
	t.Helper()
	w := &world{T: t, Account: simtest.New(t, func(o *simtest.Options) {
		o.Cloud.Setup.Roles = append(o.Cloud.Setup.Roles, "/team/"+otherRole)
	})}
	w.iam = iam.NewFromConfig(w.Config)
	w.Profiles = w.process(change...)
	return w
}

// process is what another start of the controller knows: nothing.
func (w *world) process(change ...func(*profile.Options)) *profile.Profiles {
	o := profile.Options{API: w.iam, Scope: profile.Scope{Cluster: "c1", Region: "us-west-2"}, Clock: w.Clock}
	for _, f := range change {
		f(&o)
	}
	p := profile.New(o)
	w.Cleanup(p.Close)
	return p
}

func nodeClass(name string) *v1.EC2NodeClass {
	c := &v1.EC2NodeClass{ObjectMeta: metav1.ObjectMeta{Name: name, UID: kubetypes.UID("uid-" + name)}}
	c.Spec.Role = role
	return c
}

// ensure puts the profile into the status, as the status controller does.
func (w *world) ensure(c *v1.EC2NodeClass) string {
	w.Helper()
	name, err := w.Ensure(w.Context(), c)
	if err != nil {
		w.Fatal(err)
	}
	c.Status.InstanceProfile = name
	return name
}

// all are the names of the profiles in the account.
func (w *world) all() []string {
	w.Helper()
	var names []string
	pages := iam.NewListInstanceProfilesPaginator(w.iam, &iam.ListInstanceProfilesInput{})
	for pages.HasMorePages() {
		page, err := pages.NextPage(w.Context())
		if err != nil {
			w.Fatal(err)
		}
		for _, p := range page.InstanceProfiles {
			names = append(names, *p.InstanceProfileName)
		}
	}
	return names
}

func (w *world) want(names ...string) {
	w.Helper()
	slices.Sort(names)
	if got := w.all(); !slices.Equal(got, names) {
		w.Errorf("the account has profiles %v, want %v", got, names)
	}
}

func (w *world) read(name string) types.InstanceProfile {
	w.Helper()
	out, err := w.iam.GetInstanceProfile(w.Context(), &iam.GetInstanceProfileInput{InstanceProfileName: &name})
	if err != nil {
		w.Fatal(err)
	}
	return *out.InstanceProfile
}

// roleOf is the role in a profile; "" if there is none.
func (w *world) roleOf(name string) string {
	w.Helper()
	roles := w.read(name).Roles
	if len(roles) == 0 {
		return ""
	}
	return *roles[0].RoleName
}

// somebody makes a profile with a role, beside the controller.
func (w *world) somebody(name, path string, tags ...types.Tag) {
	w.Helper()
	_, err := w.iam.CreateInstanceProfile(w.Context(), &iam.CreateInstanceProfileInput{InstanceProfileName: &name, Path: &path, Tags: tags})
	w.must(err)
	w.attach(name, role)
}

func (w *world) attach(name, role string) {
	w.Helper()
	_, err := w.iam.AddRoleToInstanceProfile(w.Context(), &iam.AddRoleToInstanceProfileInput{InstanceProfileName: &name, RoleName: &role})
	w.must(err)
}

func (w *world) detach(name, role string) {
	w.Helper()
	_, err := w.iam.RemoveRoleFromInstanceProfile(w.Context(), &iam.RemoveRoleFromInstanceProfileInput{InstanceProfileName: &name, RoleName: &role})
	w.must(err)
}

// delete deletes a profile behind the controller's back.
func (w *world) delete(name string) {
	w.Helper()
	w.detach(name, w.roleOf(name))
	_, err := w.iam.DeleteInstanceProfile(w.Context(), &iam.DeleteInstanceProfileInput{InstanceProfileName: &name})
	w.must(err)
}

func (w *world) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

// called is how many calls of IAM a function makes.
func (w *world) called(do func()) int {
	before := len(w.Requests(""))
	do()
	return len(w.Requests("")) - before
}

func owned() types.Tag {
	return types.Tag{Key: aws.String("kubernetes.io/cluster/c1"), Value: aws.String("owned")}
}

func region(name string) types.Tag {
	return types.Tag{Key: aws.String("topology.kubernetes.io/region"), Value: &name}
}

// try ensures so often, as a work queue would, and returns the last error.
func (w *world) try(c *v1.EC2NodeClass, times int) (err error) {
	for range times {
		_, err = w.Ensure(context.Background(), c)
	}
	return err
}

const minute = time.Minute

// ids are names that tests can foresee.
func ids(o *profile.Options) {
	n := 0
	o.NewID = func() string { n++; return fmt.Sprint(n) }
}
