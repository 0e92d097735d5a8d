// SPDX-License-Identifier: Apache-2.0

package profile_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"

	"karpenter.sh/core/apis/lenient"
	corev1 "karpenter.sh/core/apis/v1"
	v1 "karpenter.sh/providers/aws/apis/v1"
	"karpenter.sh/providers/aws/profile"
)

const under = "/karpenter/us-west-2/c1/uid-default/"

func api(t *testing.T, objects ...client.Object) client.WithWatch {
	t.Helper()
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{corev1.AddToScheme, v1.AddToScheme} {
		if err := add(scheme); err != nil {
			t.Fatal(err)
		}
	}
	return fake.NewClientBuilder().WithScheme(scheme).WithObjects(objects...).Build()
}

// collector works with a cache and an API server.
func (w *world) collector(cache, live client.Reader) *profile.Collector {
	return profile.NewCollector(profile.CollectorOptions{Client: cache, Live: live, Profiles: w.Profiles})
}

// rounds makes so many, half an hour after each other.
func (w *world) rounds(c *profile.Collector, n int) {
	w.Helper()
	for range n {
		result, err := c.Reconcile(w.Context())
		if err != nil || result.RequeueAfter != 30*minute {
			w.Fatalf("got %+v, %v", result, err)
		}
		w.Clock.Step(30 * minute)
	}
}

func claim(profile string) *corev1.NodeClaim {
	c := &corev1.NodeClaim{ObjectMeta: metav1.ObjectMeta{Name: "claim"}}
	c.Annotations = map[string]string{"karpenter.k8s.aws/instance-profile-name": profile}
	return c
}

func using(profile string) *v1.EC2NodeClass {
	c := nodeClass("user")
	c.Status.InstanceProfile = profile
	return c
}

func naming(profile string) *v1.EC2NodeClass {
	c := nodeClass("namer")
	c.Spec.Role, c.Spec.InstanceProfile = "", aws.String(profile)
	return c
}

// AWS-343
func TestCollect(t *testing.T) {
	for _, tc := range []struct {
		reason string
		use    client.Object // none: nothing uses it
		path   string
		stays  bool
	}{
		{"nothing uses it", nil, under, false},
		{"a NodeClass has it in its status", using("p"), under, true},
		{"a NodeClass names it", naming("p"), under, true},
		{"a NodeClaim was launched with it", claim("p"), under, true},
		{"all use others", using("q"), under, false},
		{"a NodeClaim without profile", claim(""), under, false},
		{"its NodeClass is gone", nil, "/karpenter/us-west-2/c1/uid-gone/", false},
		{"another region's", nil, "/karpenter/us-east-1/c1/uid-default/", true},
		{"another cluster's", nil, "/karpenter/us-west-2/c10/uid-default/", true},
		{"a human's", nil, "/", true},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			w := newWorld(t)
			w.somebody("p", tc.path)
			w.Clock.Step(2 * time.Hour)
			objects := []client.Object{nodeClass("default")}
			if tc.use != nil {
				objects = append(objects, tc.use)
			}
			reader := api(t, objects...)
			w.rounds(w.collector(reader, reader), 3)
			if got := w.all(); (len(got) == 1) != tc.stays {
				t.Errorf("left %v", got)
			}
		})
	}
}

// AWS-343: a new profile, one that was replaced, and a draft are protected for an hour.
func TestCollectSparesProtected(t *testing.T) {
	w := newWorld(t)
	empty := api(t)
	c := w.collector(empty, empty)
	w.somebody("new", under)                   // of a predecessor, by its age
	replaced := w.ensure(nodeClass("default")) // its status was never written
	w.rounds(c, 2)
	w.want("new", replaced)
	w.rounds(c, 1)
	w.want()

	d := nodeClass("other")
	old := w.ensure(d)
	w.Clock.Step(24 * time.Hour)
	d.Spec.Role = otherRole
	fresh := w.ensure(d)
	reader := api(t, using(fresh))
	c = w.collector(reader, reader)
	w.rounds(c, 2)
	w.want(old, fresh) // a launch under way may use the old one
	w.rounds(c, 1)
	w.want(fresh)

	w.Fail("iam:AddRoleToInstanceProfile", "AccessDenied", "")
	e := nodeClass("refused")
	for range 4 {
		_ = w.try(e, 1)
		w.rounds(c, 1)
	}
	if got := w.all(); len(got) != 2 {
		t.Errorf("the draft is gone: %v", got)
	}
}

// AWS-343: a process that has just begun does not know what was replaced before.
func TestCollectAfterARestart(t *testing.T) {
	w := newWorld(t)
	w.somebody("p", under)
	w.Clock.Step(24 * time.Hour)
	empty := api(t)
	c := w.collector(empty, empty)
	w.rounds(c, 1)
	w.want("p")
	w.FailOnce("iam:DeleteInstanceProfile", "Throttling", "")
	if _, err := c.Reconcile(t.Context()); err == nil {
		t.Error("no error")
	}
	w.must(second(c.Reconcile(t.Context()))) // a retry needs no other half hour
	w.want()

	w.somebody("q", under)
	w.Clock.Step(24 * time.Hour)
	c = w.collector(empty, empty)
	for range 3 { // retries of a round are no other rounds
		w.must(second(c.Reconcile(t.Context())))
	}
	w.want("q")
}

func second[T any](_ T, err error) error { return err }

// AWS-343, KIT-133: a cache that shows nothing costs no profile.
func TestCollectAsksTheAPIServer(t *testing.T) {
	for _, user := range []client.Object{using("p"), claim("p")} {
		w := newWorld(t)
		w.somebody("p", under)
		w.Clock.Step(2 * time.Hour)
		w.rounds(w.collector(api(t), api(t, user)), 3)
		w.want("p")
	}
}

// API-177: of a NodeClass that cannot be read whole, nobody knows what it uses.
func TestCollectSparesTheUnreadable(t *testing.T) {
	w := newWorld(t)
	w.somebody("p", under)
	w.Clock.Step(2 * time.Hour)
	w.rounds(w.collector(api(t), unreadable{api(t, nodeClass("default"))}), 3)
	w.want("p")
}

type unreadable struct{ client.Reader }

func (u unreadable) List(ctx context.Context, list client.ObjectList, opts ...client.ListOption) error {
	err := u.Reader.List(ctx, list, opts...)
	if classes, ok := list.(*v1.EC2NodeClassList); ok {
		for i := range classes.Items {
			classes.Items[i].Unreadable = []lenient.Problem{{Field: "status.instanceProfile"}}
		}
	}
	return err
}

// AWS-343: one that cannot be deleted holds up no other, and is told.
func TestCollectFails(t *testing.T) {
	w := newWorld(t)
	w.somebody("a", under)
	w.somebody("b", under)
	w.Clock.Step(2 * time.Hour)
	empty := api(t)
	c := w.collector(empty, empty)
	w.rounds(c, 1)
	w.Fault(`[{"call": "iam:DeleteInstanceProfile", "match": {"InstanceProfileName": "a"}, "error": {"code": "AccessDenied"}}]`)
	if _, err := c.Reconcile(t.Context()); err == nil || !strings.Contains(err.Error(), "instance profile a") {
		t.Errorf("got %v", err)
	}
	w.want("a")
	w.Fail("iam:ListInstanceProfiles", "ServiceFailure", "")
	if _, err := c.Reconcile(t.Context()); err == nil {
		t.Error("no error")
	}
}

// AWS-343: IAM cannot be reached, so there is no collector.
func TestNoCollectorInAnIsolatedVPC(t *testing.T) {
	w := newWorld(t, func(o *profile.Options) { o.Isolated = true })
	if err := w.collector(nil, nil).Register(t.Context(), nil); err != nil {
		t.Error(err)
	}
}
