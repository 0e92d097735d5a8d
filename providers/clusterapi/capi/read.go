// SPDX-License-Identifier: Apache-2.0

package capi

import (
	"cmp"
	"strconv"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

const (
	phaseFailed = "Failed"
	onDelete    = "OnDelete"
)

// Replicas is how many Machines are wanted; none if nobody said.
func (d *MachineDeployment) Replicas() int32 {
	if d.Spec.Replicas == nil {
		return 0
	}
	return *d.Spec.Replicas
}

// Paused reports whether the deployment itself is not reconciled; its Cluster may be
// paused as well.
func (d *MachineDeployment) Paused() bool { return d.Spec.Paused || pausedBy(d) }

// MaxSize is the most replicas that its owner allows (CAPI-029). It is false if nobody
// said, or if what was said is no number.
func (d *MachineDeployment) MaxSize() (int32, bool) {
	n, err := strconv.ParseInt(d.Annotations[AnnotationMaxSize], 10, 32)
	return int32(n), err == nil
}

// Surge is how many Machines beyond its replicas a roll-out of the deployment may make:
// 1 unless said otherwise, none when Machines are replaced by hand.
func (d *MachineDeployment) Surge() int32 {
	strategy := d.Spec.Rollout.Strategy
	if strategy == (Strategy{}) {
		strategy = d.Spec.Strategy
	}
	surge := strategy.RollingUpdate.MaxSurge
	switch {
	case strategy.Type == onDelete:
		return 0
	case surge == nil:
		return 1
	}
	n, err := intstr.GetScaledValueFromIntOrPercent(surge, int(d.Replicas()), true)
	if err != nil { // which admission lets nobody write
		return 1
	}
	return int32(max(n, 0))
}

// Observed reports whether Cluster API has seen the spec as it is.
func (d *MachineDeployment) Observed() bool { return d.Status.ObservedGeneration >= d.Generation }

// Paused reports whether nothing of the cluster is reconciled.
func (c *Cluster) Paused() bool { return c.Spec.Paused || pausedBy(c) }

func pausedBy(o metav1.Object) bool {
	_, paused := o.GetAnnotations()[AnnotationPaused]
	return paused
}

// Terminating reports whether the Machine is being deleted.
func (m *Machine) Terminating() bool { return !m.DeletionTimestamp.IsZero() }

// Marked reports whether Cluster API is asked to delete the Machine first.
func (m *Machine) Marked() bool {
	_, marked := m.Annotations[AnnotationDelete]
	return marked
}

// Failed reports whether the Machine will never serve.
func (m *Machine) Failed() bool {
	return m.Status.Phase == phaseFailed ||
		cmp.Or(m.Status.FailureReason, m.Status.FailureMessage, m.Status.Deprecated.V1Beta1.FailureReason, m.Status.Deprecated.V1Beta1.FailureMessage) != ""
}
