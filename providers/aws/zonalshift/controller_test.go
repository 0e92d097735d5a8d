// SPDX-License-Identifier: Apache-2.0

package zonalshift_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/arczonalshift"
	"github.com/aws/aws-sdk-go-v2/service/arczonalshift/types"
	kube "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	kubetypes "k8s.io/apimachinery/pkg/types"
	clocktesting "k8s.io/utils/clock/testing"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"

	corev1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/apis/vocabulary"
	"karpenter.sh/core/engine/label"
	"karpenter.sh/core/events/eventstest"
	v1 "karpenter.sh/providers/aws/apis/v1"
	"karpenter.sh/providers/aws/internal/simtest"
	"karpenter.sh/providers/aws/zonalshift"
)

const arn = "arn:aws:eks:us-west-2:111122223333:cluster/c1"

func words(t *testing.T) *vocabulary.Vocabulary {
	t.Helper()
	w, err := vocabulary.New(vocabulary.Additions{
		WellKnownLabels: []string{v1.LabelTopologyZoneID}, KeyAliases: map[string]string{v1.LabelEBSZone: label.Zone},
	})
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// pool has requirements of the form "key operator value".
func pool(name, class string, requirements ...string) *corev1.NodePool {
	p := &corev1.NodePool{ObjectMeta: metav1.ObjectMeta{Name: name, UID: kubetypes.UID(name)}}
	p.Spec.Template.Spec.NodeClassRef = corev1.NodeClassReference{Group: v1.Group, Kind: v1.NodeClassKind, Name: class}
	for _, r := range requirements {
		words := strings.Fields(r)
		p.Spec.Template.Spec.Requirements = append(p.Spec.Template.Spec.Requirements, corev1.NodeSelectorRequirementWithMinValues{
			Key: words[0], Operator: kube.NodeSelectorOperator(words[1]), Values: words[2:],
		})
	}
	return p
}

func class(name string, subnets ...v1.Subnet) *v1.EC2NodeClass {
	c := &v1.EC2NodeClass{ObjectMeta: metav1.ObjectMeta{Name: name}}
	c.Status.Subnets = subnets
	return c
}

func all() []v1.Subnet {
	return []v1.Subnet{
		{ID: "1", Zone: "us-west-2a", ZoneID: "usw2-az1"}, {ID: "2", Zone: "us-west-2b", ZoneID: "usw2-az2"},
		{ID: "3", Zone: "us-west-2b", ZoneID: "usw2-az2"}, {ID: "4", Zone: "us-west-2c"},
	}
}

// world is an account with a cluster and the controller.
type world struct {
	*simtest.Account
	*zonalshift.Controller
	shifts *zonalshift.Shifts
	events *eventstest.Recorder
}

func newWorld(t *testing.T, objects ...client.Object) *world {
	t.Helper()
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{corev1.AddToScheme, v1.AddToScheme} {
		if err := add(scheme); err != nil {
			t.Fatal(err)
		}
	}
	w := &world{Account: simtest.New(t), events: &eventstest.Recorder{}}
	w.shifts = zonalshift.NewShifts(w.Clock)
	w.Controller = zonalshift.NewController(zonalshift.Options{
		Source: zonalshift.Source{API: arczonalshift.NewFromConfig(w.Config), ClusterARN: arn}, Shifts: w.shifts,
		Client: fake.NewClientBuilder().WithScheme(scheme).WithObjects(objects...).Build(), Words: words(t), Events: w.events,
	})
	return w
}

// round makes one and returns the events of it, "Reason pool zone".
func (w *world) round(t *testing.T) []string {
	t.Helper()
	result, err := w.Reconcile(t.Context())
	if err != nil || result.RequeueAfter != 30*time.Second {
		t.Fatalf("got %+v, %v", result, err)
	}
	return w.told()
}

func (w *world) told() (out []string) {
	for _, e := range w.events.Events() {
		out = append(out, e.Reason+" "+e.Object.GetName()+" "+e.DedupeValues[1])
	}
	w.events.Reset()
	slices.Sort(out)
	return out
}

func (w *world) shift(t *testing.T, zone string, d time.Duration) {
	t.Helper()
	if err := w.Cloud.ShiftZone(zone, d); err != nil {
		t.Fatal(err)
	}
}

// AWS-367, AWS-369
func TestRounds(t *testing.T) {
	w := newWorld(t, class("default", all()...), pool("p", "default"))
	if got := w.round(t); got != nil {
		t.Errorf("without shifts %v", got)
	}
	w.shift(t, "us-west-2a", time.Hour)
	if got := w.round(t); !slices.Equal(got, []string{"ZonalShiftActive p usw2-az1"}) || !w.shifts.Shifted("usw2-az1") {
		t.Errorf("shifted: %v", got)
	}
	if got := w.round(t); got != nil {
		t.Errorf("told again: %v", got)
	}
	w.shift(t, "us-west-2b", 3*time.Hour)
	w.shift(t, "us-west-2a", 0)
	if got := w.round(t); !slices.Equal(got, []string{"ZonalShiftActive p usw2-az2", "ZonalShiftCleared p usw2-az1"}) || w.shifts.Shifted("usw2-az1") {
		t.Errorf("cancelled: %v", got)
	}
	w.Fail("arc-zonal-shift:GetManagedResource", "InternalServerException", "")
	w.Clock.Step(2 * time.Hour)
	if _, err := w.Reconcile(t.Context()); err == nil || w.told() != nil || !w.shifts.Shifted("usw2-az2") {
		t.Errorf("an error changed what is known: %v", err)
	}
	w.Clock.Step(time.Hour) // its expiry counts although nobody answers
	if _, err := w.Reconcile(t.Context()); err == nil || w.shifts.Shifted("usw2-az2") {
		t.Errorf("got %v", err)
	}
	if got := w.told(); !slices.Equal(got, []string{"ZonalShiftCleared p usw2-az2"}) {
		t.Errorf("told %v", got)
	}
}

// AWS-369, AWS-403
func TestMessages(t *testing.T) {
	w := newWorld(t, class("default", all()...), pool("p", "default"))
	w.shift(t, "us-west-2a", time.Hour)
	_, err := w.Reconcile(t.Context())
	w.Clock.Step(time.Hour)
	_, err2 := w.Reconcile(t.Context())
	got := w.events.Events()
	if err != nil || err2 != nil || len(got) != 2 ||
		got[0].Type != "Warning" || got[0].Message != "Zonal shift detected: offerings in zone us-west-2a (usw2-az1) are unavailable for this NodePool" ||
		got[1].Type != "Normal" || got[1].Message != "Zonal shift cleared: offerings in zone us-west-2a (usw2-az1) are restored for this NodePool" ||
		!slices.Equal(got[0].DedupeValues, []string{"p", "usw2-az1"}) {
		t.Errorf("got %v, %v, %+v", err, err2, got)
	}
}

// AWS-369: which NodePools can use the zone.
func TestNodePools(t *testing.T) {
	foreign := pool("p", "default")
	foreign.Spec.Template.Spec.NodeClassRef.Kind = "OtherNodeClass"
	labelled := func(key, value string) *corev1.NodePool {
		p := pool("p", "default")
		p.Spec.Template.ObjectMeta.Labels = map[string]string{key: value}
		return p
	}
	for _, tc := range []struct {
		reason string
		pool   *corev1.NodePool
		told   bool
	}{
		{"any zone", pool("p", "default"), true},
		{"this zone", pool("p", "default", label.Zone+" In us-west-2a us-west-2c"), true},
		{"others", pool("p", "default", label.Zone+" In us-west-2b"), false},
		{"not this zone", pool("p", "default", label.Zone+" NotIn us-west-2a"), false},
		{"this zone by an alias", pool("p", "default", v1.LabelEBSZone+" In us-west-2a"), true},
		{"another one by an alias", pool("p", "default", v1.LabelEBSZone+" In us-west-2b"), false},
		{"this zone by its ID", pool("p", "default", v1.LabelTopologyZoneID+" In usw2-az1"), true},
		{"another one by its ID", pool("p", "default", v1.LabelTopologyZoneID+" In usw2-az2"), false},
		{"this zone by its label", labelled(label.Zone, "us-west-2a"), true},
		{"another one by its label", labelled(v1.LabelEBSZone, "us-west-2b"), false},
		{"a requirement that cannot be read", pool("p", "default", "a Likes b"), false},
		{"its NodeClass has no subnet there", pool("p", "narrow"), false},
		{"its NodeClass is missing", pool("p", "gone"), false},
		{"another provider's", foreign, false},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			w := newWorld(t, class("default", all()...), class("narrow", all()[1:]...), tc.pool)
			w.shift(t, "us-west-2a", time.Hour)
			if got := w.round(t); (len(got) == 1) != tc.told {
				t.Errorf("told %v", got)
			}
		})
	}
}

// AWS-369: what could not be told is told later.
func TestNodePoolsCannotBeListed(t *testing.T) {
	w := newWorld(t, class("default", all()...), pool("p", "default"))
	reader := w.Client
	for _, list := range []client.ObjectList{&v1.EC2NodeClassList{}, &corev1.NodePoolList{}} {
		w.shift(t, "us-west-2a", time.Hour)
		w.Client = failing{reader, list}
		if _, err := w.Reconcile(t.Context()); !errors.Is(err, errDown) || w.told() != nil {
			t.Errorf("got %v", err)
		}
		w.Client = reader
		if got := w.round(t); len(got) != 1 {
			t.Errorf("told %v", got)
		}
		w.shift(t, "us-west-2a", 0)
		w.round(t)
	}
}

var errDown = errors.New("the API server is down")

type failing struct {
	client.Reader
	list client.ObjectList
}

func (f failing) List(ctx context.Context, list client.ObjectList, opts ...client.ListOption) error {
	_, isPool := list.(*corev1.NodePoolList)
	if _, failsPool := f.list.(*corev1.NodePoolList); isPool == failsPool {
		return errDown
	}
	return f.Reader.List(ctx, list, opts...)
}

// AWS-367: start-up.
func TestStart(t *testing.T) {
	w := newWorld(t)
	w.shift(t, "us-west-2a", time.Hour)
	if err := w.Source.Start(t.Context(), w.shifts); err != nil || !w.shifts.Shifted("usw2-az1") {
		t.Errorf("got %v", err)
	}
	unknown := w.Source
	unknown.ClusterARN += "2"
	if err := unknown.Start(t.Context(), zonalshift.NewShifts(w.Clock)); !errors.Is(err, zonalshift.ErrNotManaged) || !strings.Contains(err.Error(), unknown.ClusterARN) {
		t.Errorf("got %v", err)
	}
	w.Fail("arc-zonal-shift:GetManagedResource", "AccessDeniedException", "")
	if err := w.Source.Start(t.Context(), w.shifts); err == nil || errors.Is(err, zonalshift.ErrNotManaged) {
		t.Errorf("got %v", err)
	}
}

// AWS-367: a cluster that was taken from ARC has no shifts any more.
func TestNotManagedAnyMore(t *testing.T) {
	w := newWorld(t, class("default", all()...), pool("p", "default"))
	w.shift(t, "us-west-2a", time.Hour)
	w.round(t)
	w.Fail("arc-zonal-shift:GetManagedResource", "ResourceNotFoundException", "")
	if _, err := w.Reconcile(t.Context()); !errors.Is(err, zonalshift.ErrNotManaged) || w.shifts.Shifted("usw2-az1") || len(w.told()) != 1 {
		t.Errorf("got %v", err)
	}
}

// answering is ARC with one answer.
type answering struct {
	out arczonalshift.GetManagedResourceOutput
}

func (a *answering) GetManagedResource(context.Context, *arczonalshift.GetManagedResourceInput, ...func(*arczonalshift.Options)) (*arczonalshift.GetManagedResourceOutput, error) {
	return &a.out, nil
}

// AWS-367: which of the shifts that ARC tells count, and how long.
func TestAnswers(t *testing.T) {
	shift := func(zone string, status types.AppliedStatus, end time.Duration) types.ZonalShiftInResource {
		return types.ZonalShiftInResource{AwayFrom: &zone, AppliedStatus: status, ExpiryTime: aws.Time(in(end))}
	}
	auto := func(zone string, status types.AutoshiftAppliedStatus) types.AutoshiftInResource {
		return types.AutoshiftInResource{AwayFrom: &zone, AppliedStatus: status}
	}
	for _, tc := range []struct {
		reason string
		out    arczonalshift.GetManagedResourceOutput
		now    string
		later  string // after two hours
	}{
		{"nothing", arczonalshift.GetManagedResourceOutput{}, "", ""},
		{"applied and not", arczonalshift.GetManagedResourceOutput{ZonalShifts: []types.ZonalShiftInResource{
			shift("az1", types.AppliedStatusApplied, time.Hour), shift("az2", types.AppliedStatusNotApplied, time.Hour), shift("az3", "NEW", time.Hour),
		}}, "az1", ""},
		{"past its expiry", arczonalshift.GetManagedResourceOutput{ZonalShifts: []types.ZonalShiftInResource{
			shift("az1", types.AppliedStatusApplied, -time.Second),
		}}, "", ""},
		{"two of a zone", arczonalshift.GetManagedResourceOutput{ZonalShifts: []types.ZonalShiftInResource{
			shift("az1", types.AppliedStatusApplied, time.Hour), shift("az1", types.AppliedStatusApplied, 3*time.Hour), shift("az1", types.AppliedStatusApplied, time.Minute),
		}}, "az1", "az1"},
		{"by ARC itself", arczonalshift.GetManagedResourceOutput{Autoshifts: []types.AutoshiftInResource{
			auto("az1", types.AutoshiftAppliedStatusApplied), auto("az2", types.AutoshiftAppliedStatusNotApplied),
		}}, "az1", "az1"},
		{"by both", arczonalshift.GetManagedResourceOutput{
			ZonalShifts: []types.ZonalShiftInResource{shift("az1", types.AppliedStatusApplied, time.Hour)},
			Autoshifts:  []types.AutoshiftInResource{auto("az1", types.AutoshiftAppliedStatusApplied)},
		}, "az1", "az1"},
		{"without end, then with one", arczonalshift.GetManagedResourceOutput{ZonalShifts: []types.ZonalShiftInResource{
			{AwayFrom: aws.String("az1"), AppliedStatus: types.AppliedStatusApplied}, shift("az1", types.AppliedStatusApplied, time.Hour),
		}}, "az1", "az1"},
		{"of no zone", arczonalshift.GetManagedResourceOutput{ZonalShifts: []types.ZonalShiftInResource{{AppliedStatus: types.AppliedStatusApplied}}}, "", ""},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			clock := clocktesting.NewFakePassiveClock(start)
			shifts := zonalshift.NewShifts(clock)
			if err := (zonalshift.Source{API: &answering{tc.out}}).Start(t.Context(), shifts); err != nil {
				t.Fatal(err)
			}
			now := strings.Join(shifts.Snapshot().Zones(), " ")
			clock.SetTime(in(2 * time.Hour))
			if later := strings.Join(shifts.Snapshot().Zones(), " "); now != tc.now || later != tc.later {
				t.Errorf("got %q, later %q", now, later)
			}
		})
	}
}
