// SPDX-License-Identifier: Apache-2.0

package provider_test

import (
	"errors"
	"maps"
	"slices"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	karpv1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/cloudprovider/kit/errortable"
	"karpenter.sh/core/engine/label"
	v1 "karpenter.sh/providers/aws/apis/v1"
	"karpenter.sh/providers/aws/drift"
	"karpenter.sh/providers/aws/failure"
	"karpenter.sh/providers/aws/fleet"
	"karpenter.sh/providers/aws/instance"
	"karpenter.sh/providers/aws/placement"
)

// CP-019, AWS-123, AWS-295, AWS-363: how a launch is described.
func TestCreate(t *testing.T) {
	t.Parallel()
	base := map[string]string{
		"karpenter.sh/nodepool": "pool", "karpenter.k8s.aws/ec2nodeclass": "default", "karpenter.sh/capacity-type": "on-demand",
		"topology.kubernetes.io/zone": "a", "topology.k8s.aws/zone-id": "z1", "node.kubernetes.io/instance-type": "m5.large",
		"kubernetes.io/arch": "amd64", "kubernetes.io/os": "linux", "karpenter.k8s.aws/instance-tenancy": "default", "karpenter.k8s.aws/instance-family": "m5",
		"karpenter.k8s.aws/capacity-reservation-id": "cr-9",
	}
	group := func(partitions int32, chosen int32) func(*world) {
		return func(w *world) {
			w.group = &placement.Group{ID: "pg-1", Partitions: partitions}
			w.machine.PlacementGroupID, w.machine.Partition = "pg-1", chosen
			pairs := []string{v1.LabelPlacementGroupID, "pg-1"}
			w.types = []*cloudprovider.InstanceType{m5(onDemand(pairs...))}
			if partitions > 0 {
				w.types = []*cloudprovider.InstanceType{m5(onDemand(append(pairs, v1.LabelPlacementGroupPartition, "1")...), onDemand(append(pairs, v1.LabelPlacementGroupPartition, "2")...))}
			}
		}
	}
	for _, tc := range []struct {
		name   string
		change func(*world)
		labels map[string]string // beyond base; an empty key removes
		none   []string
	}{
		{"plain", func(*world) {}, nil, nil},
		{"the cloud tells the zone's ID", func(w *world) { w.machine.ZoneID = "z9" }, map[string]string{v1.LabelTopologyZoneID: "z9"}, nil},
		{"a group", group(0, 0), map[string]string{v1.LabelPlacementGroupID: "pg-1"}, nil},
		{"AWS-363: a partition that the cloud chooses", group(2, 0), map[string]string{v1.LabelPlacementGroupID: "pg-1", v1.LabelPlacementGroupPartition: ""}, nil},
		{"AWS-363: the partition asked for", group(2, 2), map[string]string{v1.LabelPlacementGroupID: "pg-1", v1.LabelPlacementGroupPartition: "2"}, nil},
		{"an offering that is gone", func(w *world) {
			w.machine.CapacityType = label.Spot // as given before
		}, map[string]string{label.CapacityType: label.Spot}, []string{v1.LabelCapacityReservationID}},
		{"reserved", func(w *world) {
			w.types = []*cloudprovider.InstanceType{m5(
				offering(label.CapacityType, label.Reserved, label.Zone, "a", v1.LabelCapacityReservationID, "cr-1"),
				offering(label.CapacityType, label.Reserved, label.Zone, "a", v1.LabelCapacityReservationID, "cr-2"), onDemand(),
			)}
			w.machine.CapacityType, w.machine.ReservationID, w.machine.ReservationType = label.Reserved, "cr-2", v1.CapacityReservationTypeDefault
		}, map[string]string{
			label.CapacityType: label.Reserved, v1.LabelCapacityReservationID: "cr-2", v1.LabelCapacityReservationType: "default", v1.LabelCapacityReservationInterruptible: "false",
		}, nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, tc.change)
			given := w.nodeClaim.DeepCopy()
			got, err := w.Create(t.Context(), w.nodeClaim)
			if err != nil {
				t.Fatal(err)
			}
			want := maps.Clone(base)
			maps.Copy(want, tc.labels)
			for _, key := range tc.none {
				delete(want, key)
			}
			if !maps.Equal(got.Labels, want) {
				t.Errorf("labels\n%v\nwant\n%v", got.Labels, want)
			}
			if got.Status.ProviderID != "aws:///a/i-1" || got.Status.ImageID != "ami-1" || len(w.told) != 1 {
				t.Errorf("got %+v; %d told", got.Status, len(w.told))
			}
			hash, _ := w.options.Hash.Stamp(w.nodeClass)
			hash[v1.AnnotationInstanceProfile] = "profile"
			if !maps.Equal(got.Annotations, hash) {
				t.Errorf("annotations %v, want %v", got.Annotations, hash)
			}
			if len(got.Status.Capacity) != 3 || got.Status.Allocatable.Cpu().IsZero() { // no zero GPUs, no EFA that is not attached
				t.Errorf("capacity %v", got.Status.Capacity)
			}
			if !maps.Equal(given.Labels, w.nodeClaim.Labels) {
				t.Error("CP-009: the NodeClaim that was given is changed")
			}
		})
	}
	t.Run("AWS-295: EFA that is attached", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, func(w *world) { w.machine.EFAs = 1 })
		if got, err := w.Create(t.Context(), w.nodeClaim); err != nil || got.Status.Capacity[v1.ResourceEFA] != m5().Capacity[v1.ResourceEFA] {
			t.Errorf("got %+v, %v", got, err)
		}
	})
	t.Run("a type that is not listed any more", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, func(w *world) { w.machine.Type = "m5.xlarge" })
		if got, err := w.Create(t.Context(), w.nodeClaim); err != nil || got.Status.ProviderID == "" || got.Labels[label.InstanceType] != "m5.xlarge" {
			t.Errorf("got %+v, %v: a machine that runs must be described", got, err)
		}
	})
	t.Run("AWS-282", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, func(w *world) { w.nodeClaim.Spec.Requirements[0].Values = []string{label.Spot, label.OnDemand} })
		if _, err := w.Create(t.Context(), w.nodeClaim); err != nil || w.logs != 1 {
			t.Errorf("%v, %d lines", err, w.logs)
		}
	})
}

// CP-010 to CP-013, AWS-132, AWS-147, AWS-294: what fails before anything is launched.
func TestCreateErrors(t *testing.T) {
	t.Parallel()
	isReason := func(reason, message string) func(error) bool {
		return func(err error) bool {
			e, ok := cloudprovider.AsCreateError(err)
			return ok && e.Reason == reason && e.Message == message
		}
	}
	plain := func(err error) bool { return err != nil && cloudprovider.ClassOf(err) == cloudprovider.ClassOther }
	ice := cloudprovider.IsInsufficientCapacityError
	for _, tc := range []struct {
		name   string
		change func(*world)
		check  func(error) bool
		event  string
		asked  int
	}{
		{"CP-010: no NodeClass", func(w *world) { w.nodeClass = nil }, ice, "NodeClassResolutionError", 0},
		{"CP-010: it is being deleted", func(w *world) {
			w.nodeClass.DeletionTimestamp, w.nodeClass.Finalizers = ptr.To(metav1.Now()), []string{"x/y"}
		}, ice, "NodeClassResolutionError", 0},
		{"CP-011: not ready", func(w *world) { w.nodeClass.StatusConditions().SetFalse(v1.ConditionTypeAMIsReady, "X", "x") }, cloudprovider.IsNodeClassNotReadyError, "", 0},
		{"CP-011: tags", func(w *world) { w.nodeClass.Spec.Tags = map[string]string{"karpenter.sh/nodepool": "x"} }, cloudprovider.IsNodeClassNotReadyError, "", 0},
		{"CP-012: no types", func(w *world) { w.typesErr = errDown }, isReason("InstanceTypeResolutionFailed", "Error resolving instance types"), "", 0},
		{"AWS-360: a group that is not known", func(w *world) { w.lost = true }, isReason("InstanceTypeResolutionFailed", "Error resolving instance types"), "", 0},
		{"CP-013: nothing suits", func(w *world) { w.nodeClaim.Spec.Requirements[0].Values = []string{label.Spot} }, ice, "", 0},
		{"AWS-132: no subnets", func(w *world) { w.nodeClass.Status.Subnets = nil }, isReason("SubnetResolutionFailed", "Error getting subnets"), "", 0},
		{"AWS-147: no images", func(w *world) { w.nodeClass.Status.AMIs = nil }, isReason("LaunchTemplateResolutionFailed",
			"Error getting launch template configs: EC2NodeClass default: no AMIs are present in the status"), "", 0},
		{"AWS-294: no facts", func(w *world) { w.factsErr = errDown }, isReason("LaunchTemplateResolutionFailed", "Error getting launch template configs: the cloud is down"), "", 0},
		{"the launch fails", func(w *world) { w.launchErr = errDown }, plain, "", 1},
		{"AWS-293: the role for spot is missing", func(w *world) {
			w.launchErr = &fleet.Error{Verdicts: []failure.Verdict{{Verdict: errortable.Verdict{Row: failure.RowSpotRole}}}}
		}, func(err error) bool { _, ok := errors.AsType[*fleet.Error](err); return ok }, "SpotServiceLinkedRoleCreationFailure", 1},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, tc.change)
			if got, err := w.Create(t.Context(), w.nodeClaim); got != nil || !tc.check(err) {
				t.Errorf("got %v", err)
			}
			if tc.event == "" && len(w.events.Events()) > 0 || tc.event != "" && !slices.Equal(w.events.Reasons(), []string{tc.event}) {
				t.Errorf("events %v", w.events.Reasons())
			}
			if len(w.asked) != tc.asked || len(w.told) > 0 {
				t.Errorf("asked %d times, told of %d machines", len(w.asked), len(w.told))
			}
		})
	}
}

// AWS-320 to AWS-322, CP-025, CP-027, CP-029.
func TestGetAndList(t *testing.T) {
	t.Parallel()
	gone := cloudprovider.IsNodeClaimNotFoundError
	plain := func(err error) bool { return err != nil && !gone(err) }
	for _, tc := range []struct {
		name, id string
		err      error
		check    func(error) bool
	}{
		{"it is there", "aws:///a/i-1", nil, func(err error) bool { return err == nil }},
		{"it is gone", "aws:///a/i-2", nil, gone},
		{"CP-027: the cloud is down", "aws:///a/i-1", errDown, plain},
		{"CP-027: no ID", "", nil, plain},
		{"CP-025: another cloud's", "gce://project/a/x", nil, gone},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, func(w *world) { w.err = tc.err })
			if _, err := w.Get(t.Context(), tc.id); !tc.check(err) {
				t.Errorf("got %v", err)
			}
		})
	}
	for _, tc := range []struct {
		state  instance.State
		ending bool
	}{{instance.StateRunning, false}, {instance.StateStopped, false}, {instance.StateShuttingDown, true}} {
		w := newWorld(t, func(w *world) {
			m := machine()
			m.State = tc.state
			w.machines["i-1"] = m
		})
		list, err := w.List(t.Context())
		if err != nil || len(list) != 1 {
			t.Fatal(list, err)
		}
		got := list[0]
		for key, want := range map[string]string{
			karpv1.NodePoolLabelKey: "pool", label.Zone: "a", label.CapacityType: label.OnDemand, label.InstanceType: "m5.large", v1.LabelNodeClass: "default",
		} {
			if got.Labels[key] != want {
				t.Errorf("CP-029: %s is %q", key, got.Labels[key])
			}
		}
		if got.Status.ProviderID != "aws:///a/i-1" || !got.CreationTimestamp.Time.Equal(machine().LaunchTime) {
			t.Errorf("got %+v", got)
		}
		if (got.DeletionTimestamp != nil) != tc.ending || tc.ending && !got.DeletionTimestamp.Time.Equal(start()) {
			t.Errorf("AWS-322: %s: %v", tc.state, got.DeletionTimestamp)
		}
	}
	w := newWorld(t, func(w *world) { w.machines["i-1"] = instance.Instance{ID: "i-1"} })
	if list, err := w.List(t.Context()); err != nil || !list[0].CreationTimestamp.Time.Equal(start()) {
		t.Errorf("CP-029: without launch time: %+v, %v", list, err)
	}
	if w.err = errDown; true {
		if _, err := w.List(t.Context()); !errors.Is(err, errDown) {
			t.Errorf("CP-028: got %v", err)
		}
	}
}

// AWS-324, CP-024, CP-025.
func TestDelete(t *testing.T) {
	t.Parallel()
	gone := cloudprovider.IsNodeClaimNotFoundError
	notFound := cloudprovider.NewNodeClaimNotFoundError(errors.New("gone"))
	reserved := func(w *world) { w.nodeClaim.Labels[v1.LabelCapacityReservationID] = "cr-1" }
	for _, tc := range []struct {
		name      string
		change    func(*world)
		check     func(error) bool
		forgotten int
		ended     int
	}{
		{"it is ending", func(*world) {}, func(err error) bool { return err == nil }, 1, 0},
		{"no ID", func(w *world) { w.nodeClaim.Status.ProviderID = "" }, gone, 0, 0},
		{"another cloud's", func(w *world) { w.nodeClaim.Status.ProviderID = "gce://x" }, gone, 0, 0},
		{"gone", func(w *world) { w.terminate = notFound }, gone, 1, 0},
		{"gone, of a reservation", func(w *world) { reserved(w); w.terminate = notFound }, gone, 1, 1},
		{"it fails", func(w *world) { reserved(w); w.terminate = errDown }, func(err error) bool { return errors.Is(err, errDown) && !gone(err) }, 1, 0},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, tc.change)
			if err := w.Delete(t.Context(), w.nodeClaim); !tc.check(err) {
				t.Errorf("got %v", err)
			}
			if len(w.forgotten) != tc.forgotten || len(w.ended) != tc.ended {
				t.Errorf("forgotten %v, ended %v", w.forgotten, w.ended)
			}
		})
	}
}

// AWS-376, AWS-377, CP-036, CP-037.
func TestIsDrifted(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name   string
		change func(*world)
		want   cloudprovider.DriftReason
		fails  bool
	}{
		{"nothing", func(*world) {}, "", false},
		{"CP-037: no NodePool", func(w *world) { delete(w.nodeClaim.Labels, karpv1.NodePoolLabelKey); w.nodeClass = nil }, "", false},
		{"CP-037: no NodeClass", func(w *world) { w.nodeClass = nil }, "", false},
		{"the hash", func(w *world) {
			w.nodeClaim.Annotations = map[string]string{v1.Kind().HashKey(): "1", v1.Kind().HashVersionKey(): v1.HashVersion}
			w.nodeClass.Annotations, _ = v1.HashScheme("").Stamp(w.nodeClass)
		}, "NodeClassDrift", false},
		{"the image", func(w *world) { w.nodeClaim.Status.ImageID = "ami-0" }, drift.AMIDrift, false},
		{"groups", func(w *world) {
			w.nodeClass.Status.SecurityGroups = append(w.nodeClass.Status.SecurityGroups, v1.SecurityGroup{ID: "sg-2"})
		}, drift.SecurityGroupDrift, false},
		{"the subnet", func(w *world) { w.nodeClass.Status.Subnets[0].ID = "subnet-z" }, drift.SubnetDrift, false},
		{"the placement group", func(w *world) { w.group = &placement.Group{ID: "pg-1"} }, drift.PlacementGroupDrift, false},
		{"the reservation", func(w *world) { w.machines["i-1"] = into("cr-1"); w.fresh["i-1"] = into("cr-1") }, drift.CapacityReservationDrift, false},
		{"a reservation that it has left", func(w *world) { w.machines["i-1"] = into("cr-1") }, "", false},
		{"AWS-377: no types", func(w *world) { w.typesErr = errDown }, "", true},
		{"AWS-360: the group is not known", func(w *world) { w.lost = true }, "", true},
		{"AWS-377: a type that is not listed", func(w *world) { w.types = nil; w.nodeClaim.Status.ImageID = "ami-0" }, "", true},
		{"AWS-377: no provider ID", func(w *world) { w.nodeClaim.Status.ProviderID = "" }, "", true},
		{"AWS-377: no machine", func(w *world) { delete(w.machines, "i-1") }, "", true},
		{"AWS-377: no images", func(w *world) { w.nodeClass.Status.AMIs = nil }, "", true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, tc.change)
			got, err := w.IsDrifted(t.Context(), w.nodeClaim)
			if got != tc.want || (err != nil) != tc.fails {
				t.Errorf("got %q, %v, want %q", got, err, tc.want)
			}
		})
	}
	t.Run("AWS-433: the gate is off", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, func(w *world) { w.machines["i-1"] = into("cr-1"); w.fresh["i-1"] = into("cr-1") })
		w.options.Reservations = nil
		if got, err := mustNew(t, w).IsDrifted(t.Context(), w.nodeClaim); got != "" || err != nil {
			t.Errorf("got %q, %v", got, err)
		}
	})
}

func into(reservation string) instance.Instance {
	m := machine()
	m.CapacityType, m.ReservationID = label.Reserved, reservation
	return m
}

// CP-033: a pool without NodeClass is an error and an event, not an empty list.
func TestInstanceTypes(t *testing.T) {
	t.Parallel()
	pool := &karpv1.NodePool{}
	pool.Spec.Template.Spec.NodeClassRef = nodeClaim().Spec.NodeClassRef
	w := newWorld(t)
	if got, err := w.GetInstanceTypes(t.Context(), pool); err != nil || len(got) != 1 {
		t.Errorf("got %v, %v", got, err)
	}
	w = newWorld(t, func(w *world) { w.nodeClass = nil })
	if got, err := w.GetInstanceTypes(t.Context(), pool); err == nil || got != nil || len(w.events.Of("NodeClassResolutionError")) != 1 {
		t.Errorf("got %v, %v", got, err)
	}
	w = newWorld(t, func(w *world) { w.lost = true })
	if got, err := w.GetInstanceTypes(t.Context(), pool); err == nil || got != nil {
		t.Errorf("AWS-360: got %v, %v", got, err)
	}
}

// AWS-147: the image that a type boots now.
func TestImageFor(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for name, want := range map[string]string{"m5.large": "ami-1", "other": ""} {
		if got, err := w.ImageFor(t.Context(), w.nodeClass, name); err != nil || got != want {
			t.Errorf("%s: got %q, %v", name, got, err)
		}
	}
}
