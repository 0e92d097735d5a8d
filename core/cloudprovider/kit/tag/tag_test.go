// SPDX-License-Identifier: Apache-2.0

package tag_test

import (
	"context"
	"errors"
	"strconv"
	"testing"
	"time"

	"github.com/awslabs/operatorpkg/status"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	clocktesting "k8s.io/utils/clock/testing"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/cloudprovider/kit/nodeclass"
	"karpenter.sh/core/cloudprovider/kit/tag"
	"karpenter.sh/core/testkit/strictapi"
)

var errDown = errors.New("the cloud is down")

// claim is a NodeClaim whose node is known.
func claim(name string, change ...func(*v1.NodeClaim)) *v1.NodeClaim {
	c := &v1.NodeClaim{ObjectMeta: metav1.ObjectMeta{Name: name, UID: types.UID("uid-of-" + name), Annotations: map[string]string{"other": "stays"}}}
	c.Spec.NodeClassRef = v1.NodeClassReference{Group: "ours", Kind: "Class", Name: "default"}
	c.Status = v1.NodeClaimStatus{NodeName: "node", ProviderID: "cloud://i-1", Conditions: []status.Condition{{Type: "Registered", Status: "True"}}}
	for _, change := range change {
		change(c)
	}
	return c
}

func api(t *testing.T, objects ...client.Object) client.WithWatch {
	t.Helper()
	scheme := runtime.NewScheme()
	if err := v1.AddToScheme(scheme); err != nil {
		t.Fatal(err)
	}
	return strictapi.Client(t, fake.NewClientBuilder().WithScheme(scheme).WithObjects(objects...).Build())
}

func read(t *testing.T, c client.Client, name string) *v1.NodeClaim {
	t.Helper()
	out := &v1.NodeClaim{}
	if err := c.Get(t.Context(), client.ObjectKey{Name: name}, out); err != nil {
		t.Fatal(err)
	}
	return out
}

// tagger notes what it tagged.
type tagger struct {
	tagged []string
	err    error
}

func (t *tagger) Tag(_ context.Context, c *v1.NodeClaim) error {
	t.tagged = append(t.tagged, c.Name)
	return t.err
}

func annotated(keys ...string) func(*v1.NodeClaim) {
	return func(c *v1.NodeClaim) {
		for _, key := range keys {
			c.Annotations[key] = "true"
		}
	}
}

func deleting(c *v1.NodeClaim) {
	c.DeletionTimestamp, c.Finalizers = &metav1.Time{Time: time.Unix(1, 0)}, []string{"karpenter.sh/termination"}
}

// KIT-140, KIT-142, CP-115
func TestTagging(t *testing.T) {
	for _, tc := range []struct {
		reason string
		claim  *v1.NodeClaim
		err    error
		tagged bool
		done   bool
	}{
		{"its node is known", claim("a"), nil, true, true},
		{"one annotation is missing", claim("a", annotated("tagged")), nil, true, true},
		{"done already", claim("a", annotated("tagged", "cluster-name-tagged")), nil, false, true},
		{"its node is not known", claim("a", func(c *v1.NodeClaim) { c.Status.NodeName = "" }), nil, false, false},
		{"not launched", claim("a", func(c *v1.NodeClaim) { c.Status.ProviderID = "" }), nil, false, false},
		{"under deletion", claim("a", deleting), nil, false, false},
		{"another provider's", claim("a", func(c *v1.NodeClaim) { c.Spec.NodeClassRef.Group = "theirs" }), nil, false, false},
		{"the machine is gone", claim("a"), cloudprovider.NewNodeClaimNotFoundError(errDown), true, false},
		{"the cloud is down", claim("a"), errDown, true, false},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			c, tagger := api(t, tc.claim), &tagger{err: tc.err}
			controller := tag.New(tag.Options{
				Client: c, Kinds: cloudprovider.NodeClassKinds{schema.GroupKind{Group: "ours", Kind: "Class"}}, Tagger: tagger,
				Done: map[string]string{"tagged": "true", "cluster-name-tagged": "true"}, Every: time.Second,
				Clock: clocktesting.NewFakePassiveClock(time.Unix(100, 0)),
			})
			_, err := controller.Reconcile(t.Context(), read(t, c, "a"))
			if (err != nil) != (tc.err != nil && errors.Is(tc.err, errDown) && !cloudprovider.IsNodeClaimNotFoundError(tc.err)) {
				t.Errorf("got %v", err)
			}
			if (len(tagger.tagged) == 1) != tc.tagged {
				t.Errorf("tagged %v", tagger.tagged)
			}
			got := read(t, c, "a").Annotations
			if (got["tagged"] == "true" && got["cluster-name-tagged"] == "true") != tc.done || got["other"] != "stays" {
				t.Errorf("annotations %v", got)
			}
		})
	}
}

// KIT-141, CP-094
func TestPace(t *testing.T) {
	c, tagger := api(t, claim("a"), claim("b")), &tagger{}
	clk := clocktesting.NewFakePassiveClock(time.Unix(100, 0))
	controller := tag.New(tag.Options{
		Client: c, Kinds: cloudprovider.NodeClassKinds{schema.GroupKind{Group: "ours", Kind: "Class"}}, Tagger: tagger,
		Done: map[string]string{"tagged": "true"}, Every: time.Second, Clock: clk,
	})
	if _, err := controller.Reconcile(t.Context(), read(t, c, "a")); err != nil {
		t.Fatal(err)
	}
	for range 3 { // asking again takes no other turn
		if result, err := controller.Reconcile(t.Context(), read(t, c, "b")); err != nil || result.RequeueAfter != time.Second {
			t.Errorf("got %+v, %v", result, err)
		}
	}
	clk.SetTime(clk.Now().Add(time.Second))
	if result, err := controller.Reconcile(t.Context(), read(t, c, "b")); err != nil || result.RequeueAfter != 0 || len(tagger.tagged) != 2 {
		t.Errorf("got %+v, %v, tagged %v", result, err, tagger.tagged)
	}
}

// KIT-141: each of many comes back once, at a moment of its own, also after one of
// them came late; who goes gives up its turn.
func TestPaceOfMany(t *testing.T) {
	const many = 100
	tagger := &tagger{}
	start := time.Unix(100, 0)
	clk := clocktesting.NewFakePassiveClock(start)
	controller := tag.New(tag.Options{
		Client: api(t), Kinds: cloudprovider.NodeClassKinds{schema.GroupKind{Group: "ours", Kind: "Class"}}, Tagger: tagger,
		Done: map[string]string{"tagged": "true"}, Every: time.Second, Clock: clk,
	})
	at := func(i int) (wait time.Duration) {
		result, err := controller.Reconcile(t.Context(), claim(strconv.Itoa(i)))
		if err != nil {
			t.Fatal(err)
		}
		return result.RequeueAfter
	}
	for i := range many {
		if wait := at(i); wait != time.Duration(i)*time.Second {
			t.Errorf("%d comes back after %s", i, wait)
		}
	}
	if _, err := controller.Reconcile(t.Context(), claim(strconv.Itoa(many-1), deleting)); err != nil {
		t.Fatal(err)
	}
	if wait := at(many - 1); wait != many*time.Second {
		t.Errorf("one that gave up its turn comes back after %s", wait)
	}
	clk.SetTime(start.Add(time.Second + 100*time.Millisecond))
	if wait := at(1); wait != 0 {
		t.Errorf("put back for %s at its turn", wait)
	}
	clk.SetTime(start.Add(2 * time.Second))
	if wait := at(2); wait != 100*time.Millisecond {
		t.Errorf("put back for %s after one that came late", wait)
	}
	for i := 3; i < many-1; i++ {
		clk.SetTime(start.Add(time.Duration(i)*time.Second + 100*time.Millisecond))
		if wait := at(i); wait != 0 {
			t.Errorf("%d is put back for %s at its turn", i, wait)
		}
	}
	if len(tagger.tagged) != many-2 {
		t.Errorf("%d are tagged", len(tagger.tagged))
	}
}

// updater notes what it updated.
type updater struct {
	hash             string
	updated          []string
	hashErr, updates error
}

func (u *updater) Hash(context.Context, *v1.NodeClaim) (string, error) { return u.hash, u.hashErr }
func (u *updater) Update(_ context.Context, c *v1.NodeClaim) error {
	u.updated = append(u.updated, c.Name)
	return u.updates
}

// KIT-145, CP-124
func TestInPlace(t *testing.T) {
	applied := func(hash string) func(*v1.NodeClaim) {
		return func(c *v1.NodeClaim) { c.Annotations["in-place"] = hash }
	}
	for _, tc := range []struct {
		reason  string
		claim   *v1.NodeClaim
		updater updater
		updated bool
		hash    string
		after   time.Duration
		err     error
	}{
		{"the hash differs", claim("a", applied("old")), updater{hash: "new"}, true, "new", 0, nil},
		{"nothing was applied yet", claim("a"), updater{hash: "new"}, true, "new", 0, nil},
		{"the hash is the same", claim("a", applied("new")), updater{hash: "new"}, false, "new", 0, nil},
		{"the NodeClass is gone", claim("a", applied("old")), updater{}, false, "old", 0, nil},
		{"under deletion", claim("a", applied("old"), deleting), updater{hash: "new"}, false, "old", 0, nil},
		{"another provider's", claim("a", applied("old"), func(c *v1.NodeClaim) { c.Spec.NodeClassRef.Group = "theirs" }), updater{hash: "new"}, false, "old", 0, nil},
		{"not launched", claim("a", func(c *v1.NodeClaim) { c.Status.ProviderID = "" }), updater{hash: "new"}, false, "", time.Minute, nil},
		{"not registered", claim("a", func(c *v1.NodeClaim) { c.Status.Conditions = nil }), updater{hash: "new"}, false, "", time.Minute, nil},
		{"the update fails", claim("a", applied("old")), updater{hash: "new", updates: errDown}, true, "old", 0, errDown},
		{"the machine is gone", claim("a", applied("old")), updater{hash: "new", updates: cloudprovider.NewNodeClaimNotFoundError(errDown)}, true, "old", 0, nil},
		{"the hash is not known", claim("a", applied("old")), updater{hashErr: errDown}, false, "old", 0, errDown},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			c := api(t, tc.claim)
			controller := tag.NewInPlace(tag.InPlaceOptions{
				Client: c, Kind: nodeclass.Kind{Group: "ours", Kind: "Class"}, Updater: &tc.updater, Annotation: "in-place",
			})
			result, err := controller.Reconcile(t.Context(), read(t, c, "a"))
			if !errors.Is(err, tc.err) || result.RequeueAfter != tc.after {
				t.Errorf("got %+v, %v", result, err)
			}
			if got := read(t, c, "a").Annotations; (len(tc.updater.updated) == 1) != tc.updated || got["in-place"] != tc.hash || got["other"] != "stays" {
				t.Errorf("updated %v, annotations %v", tc.updater.updated, got)
			}
		})
	}
}

// KIT-146
func TestInPlaceOfNodeClass(t *testing.T) {
	other := claim("b", func(c *v1.NodeClaim) { c.Spec.NodeClassRef.Name = "other" })
	controller := tag.NewInPlace(tag.InPlaceOptions{Client: api(t, claim("a"), other), Kind: nodeclass.Kind{Group: "ours", Kind: "Class"}})
	nodeClass := &v1.NodePool{ObjectMeta: metav1.ObjectMeta{Name: "default"}} // any object of the name
	if got := controller.NodeClaims(t.Context(), nodeClass); len(got) != 1 || got[0].Name != "a" {
		t.Errorf("got %v", got)
	}
}
