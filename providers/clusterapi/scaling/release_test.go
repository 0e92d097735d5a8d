// SPDX-License-Identifier: Apache-2.0

package scaling_test

import (
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"karpenter.sh/providers/clusterapi/apis/v1alpha1"
	"karpenter.sh/providers/clusterapi/capi"
	"karpenter.sh/providers/clusterapi/internal/simcapi"
)

var marks = simcapi.Call{Verb: "patch", Kind: "Machine"} //nolint:gochecknoglobals // a constant that Go cannot write as one

// owned is a deployment all of whose Machines are claimed.
func (w *world) owned(name string, machines int) (md client.ObjectKey, out []*capi.Machine) {
	w.t.Helper()
	md = w.Deployment(name, 0)
	out = w.machinesOf(w.claims(md, w.some(machines, name)...))
	if len(out) != machines {
		w.t.Fatalf("%d Machines", len(out))
	}
	w.CountAnew()
	return md, out
}

func (w *world) wantNone(errs []error) {
	w.t.Helper()
	for i, err := range errs {
		if err != nil {
			w.t.Errorf("release %d: %v", i, err)
		}
	}
}

// terminating are the Machines of a deployment that go, by name.
func (w *world) terminating(md client.ObjectKey) map[string]bool {
	out := map[string]bool{}
	for _, m := range w.Machines(md) {
		if m.Terminating() {
			out[m.Name] = true
		}
	}
	return out
}

// CAPI-048, CAPI-105: chosen Machines go, and no other.
func TestRelease(t *testing.T) {
	t.Parallel()
	w := newPatientWorld(t)
	md, machines := w.owned("md", 8)
	w.wantNone(w.releases(md, machines[1:6]...))
	if w.Calls(marks) != 5 || w.Calls(machineWrites) != 1 {
		t.Errorf("%d marks and %d writes of the deployment", w.Calls(marks), w.Calls(machineWrites))
	}
	w.wantReplicas(md, 3)
	gone := w.terminating(md)
	for i, m := range machines {
		if gone[m.Name] != (i >= 1 && i < 6) {
			t.Errorf("Machine %d of 1 to 5 goes: %t", i, gone[m.Name])
		}
	}
}

// CAPI-073: a min size, which Cluster Autoscaler keeps to, holds nothing back.
func TestReleaseBelowMinSize(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	md, machines := w.owned("md", 3)
	w.Change(md, func(d *capi.MachineDeployment) {
		d.Annotations["cluster.x-k8s.io/cluster-api-autoscaler-node-group-min-size"] = "2"
	})
	w.wantNone(w.releases(md, machines...))
	w.wantReplicas(md, 0)
}

// CAPI-105: one that is missing fails its caller only.
func TestReleaseOfWhatIsGone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	md, machines := w.owned("md", 3)
	missing := machines[2].DeepCopy()
	missing.Name = "missing"
	errs := w.releases(md, machines[0], missing, machines[1])
	if errs[0] != nil || !apierrors.IsNotFound(errs[1]) || errs[2] != nil {
		t.Errorf("got %v", errs)
	}
	w.wantReplicas(md, 1)
}

// CAPI-051: one that cannot be marked fails its caller only.
func TestReleaseOfWhatCannotBeMarked(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	md, machines := w.owned("md", 3)
	w.Fail(func(c simcapi.Call, o client.Object) error {
		if c == marks && o.GetName() == machines[1].Name {
			return refusal()
		}
		return nil
	})
	errs := w.releases(md, machines...)
	if errs[0] != nil || !apierrors.IsForbidden(errs[1]) || errs[2] != nil {
		t.Errorf("got %v", errs)
	}
	w.wantReplicas(md, 1)
}

// CAPI-051, CAPI-106: a refusal leaves no marks; where nobody knows, they stay.
func TestReleaseWhileTheDeploymentFails(t *testing.T) {
	t.Parallel()
	for reason, tc := range map[string]struct {
		call  simcapi.Call
		err   error
		marks int
	}{
		"reading fails":              {machineReads, errDown, 0},
		"writing is refused":         {machineWrites, refusal(), 0},
		"nobody knows what it wrote": {machineWrites, errDown, 2},
	} {
		t.Run(reason, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			md, machines := w.owned("md", 3)
			w.Fail(func(c simcapi.Call, _ client.Object) error {
				if c == tc.call {
					return tc.err
				}
				return nil
			})
			for _, err := range w.releases(md, machines[0], machines[1]) {
				if err == nil {
					t.Error("no error")
				}
			}
			marked := 0
			for _, m := range w.Machines(md) {
				if m.Marked() {
					marked++
				}
			}
			if marked != tc.marks {
				t.Errorf("%d marks, want %d", marked, tc.marks)
			}
			w.wantReplicas(md, 3)
			w.Fail(nil)
			w.wantNone(w.releases(md, machines[0], machines[1]))
			w.wantReplicas(md, 1)
		})
	}
}

// CAPI-050, CAPI-052, CAPI-107: repeats write nothing.
func TestReleaseRepeated(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	md, machines := w.owned("md", 3)
	w.StandStill(true)
	w.Change(md, func(d *capi.MachineDeployment) { d.Spec.Replicas = new(int32(1)) })
	w.wantNone(w.releases(md, machines...))
	w.wantReplicas(md, 0)
	w.CountAnew()
	w.wantNone(w.releases(md, machines...))
	w.StandStill(false) // they terminate now
	w.wantNone(w.releases(md, machines...))
	if n := w.Calls(simcapi.Call{Verb: "patch"}) + w.Calls(simcapi.Call{Verb: "delete"}); n != 0 {
		t.Errorf("%d writes", n)
	}
	w.LetGo()
	for _, err := range w.releases(md, machines...) {
		if !apierrors.IsNotFound(err) {
			t.Errorf("got %v", err)
		}
	}
}

// CAPI-050: a process that ended after the mark lowers nothing twice, one that ended
// before the record nothing less.
func TestReleaseAfterARestart(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	md, machines := w.owned("md", 3)
	w.StandStill(true)
	w.Fail(func(c simcapi.Call, _ client.Object) error {
		if c == machineWrites {
			return errDown
		}
		return nil
	})
	if err := w.releases(md, machines[0])[0]; err == nil {
		t.Fatal("no error")
	}
	w.Fail(nil)
	for range 2 {
		w.scaler = w.start()
		w.wantNone(w.releases(md, machines[0]))
		w.wantReplicas(md, 2)
	}
	if got := w.Get(md).Annotations[v1alpha1.AnnotationPendingDeletion]; got != machines[0].Name {
		t.Errorf("on record: %q", got)
	}
}

// CAPI-047
func TestReleaseWithoutDeployment(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	md, machines := w.owned("md", 2)
	w.StandStill(true)
	if err := w.API.Delete(t.Context(), w.Get(md)); err != nil {
		t.Fatal(err)
	}
	w.wantNone(w.releases(md, machines[0]))
	if gone := w.terminating(md); !gone[machines[0].Name] || len(gone) != 1 {
		t.Errorf("go: %v", gone)
	}
	w.CountAnew()
	w.wantNone(w.releases(md, machines[0]))
	if n := w.Calls(simcapi.Call{Verb: "delete"}); n != 0 {
		t.Errorf("deleted again")
	}
}

// CAPI-122: lowering and raising do not cancel out.
func TestClaimAfterARelease(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	md, machines := w.owned("md", 3)
	w.StandStill(true) // Cluster API has not seen the replicas
	w.wantNone(w.releases(md, machines[0]))
	done := make(chan []outcome)
	go func() { done <- w.claims(md, w.nodeClaim("nc")) }()
	eventually(t, "the end of the marked Machine", func() bool { return w.terminating(md)[machines[0].Name] })
	w.StandStill(false)
	if got := w.machinesOf(<-done); len(got) != 1 || got[0].Name == machines[0].Name {
		t.Errorf("got %v", got)
	}
	w.wantReplicas(md, 3)
}

// CAPI-049, CAPI-108: whatever is interleaved, the replicas come out right.
func TestInterleaved(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	md, machines := w.owned("md", 6)
	done := make(chan []outcome)
	go func() { done <- w.claims(md, w.some(3, "a")...) }()
	go func() { w.wantNone(w.releases(md, machines[:2]...)); done <- nil }()
	go func() { done <- w.claims(md, w.some(2, "b")...) }()
	go func() { w.wantNone(w.releases(md, machines[2:5]...)); done <- nil }()
	var outcomes []outcome
	for range 4 {
		outcomes = append(outcomes, <-done...)
	}
	for _, o := range outcomes {
		if o.err != nil {
			t.Errorf("%s: %v", o.nodeClaim.Name, o.err)
		}
	}
	w.machinesOf(outcomes)
	w.wantReplicas(md, 6+5-5)
	w.LetGo()
	if n := w.Count(); n != 6 {
		t.Errorf("%d Machines", n)
	}
}
