// SPDX-License-Identifier: Apache-2.0

package storage

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	storagev1 "k8s.io/api/storage/v1"

	"karpenter.sh/core/engine/label"
)

// bindCompleted is what the binder leaves on a claim whose volume is its own.
const bindCompleted = "pv.kubernetes.io/bind-completed"

// Hosts says whether a node of a hostname exists.
type Hosts func(hostname string) bool

// Validate checks the claims of one pod that waits, in their order. The first
// failure is returned; it names the objects concerned (SCH-081).
func (r *Rules) Validate(claims []Claim, hosts Hosts) error {
	for _, c := range claims {
		if err := r.validate(c, hosts); err != nil {
			return c.Wrap(err)
		}
	}
	return nil
}

func (r *Rules) validate(c Claim, hosts Hosts) error {
	kind := r.unbound
	if c.VolumeName() != "" {
		kind = bound
	}
	for _, check := range []func(Claim) error{usable, Claim.Missing, kind, r.supported} {
		if err := check(c); err != nil {
			return err
		}
	}
	if c.Volume != nil {
		return r.reachableFrom(c.Volume, hosts)
	}
	return nil
}

// reachableFrom checks that a volume of certain hosts only has one left: no new
// node takes the place of a host (SCH-084).
func (r *Rules) reachableFrom(pv *corev1.PersistentVolume, hosts Hosts) error {
	places, err := r.ofVolume(pv)
	if err != nil {
		return err
	}
	var gone []string
	for _, place := range places {
		at, restricted := place.Get(label.Hostname)
		if !restricted || !at.Concrete() || slices.ContainsFunc(at.Values(), hosts) {
			return nil
		}
		gone = append(gone, at.Values()...)
	}
	if len(gone) == 0 {
		return nil
	}
	return fmt.Errorf("its PersistentVolume %q can only be reached from host %s, which does not exist", pv.Name, strings.Join(gone, ", "))
}

func usable(c Claim) error {
	switch {
	case c.Object == nil:
		return c.Missing()
	case c.Object.DeletionTimestamp != nil:
		return errors.New("it is being deleted")
	case c.Object.Status.Phase == corev1.ClaimLost:
		return errors.New("its volume is lost")
	case c.Foreign:
		return errors.New("it was not made for the pod, although it has the name of one that would be")
	case c.User != "":
		return fmt.Errorf("one pod at a time may use it (ReadWriteOncePod), and pod %s does", c.User)
	}
	return nil
}

func bound(c Claim) error {
	if c.Volume.DeletionTimestamp != nil {
		return fmt.Errorf("its PersistentVolume %q is being deleted", c.Volume.Name)
	}
	if _, complete := c.Object.Annotations[bindCompleted]; !complete {
		return fmt.Errorf("its binding to PersistentVolume %q is not complete", c.Volume.Name)
	}
	return nil
}

func (r *Rules) unbound(c Claim) error {
	if c.Class == nil {
		return errors.New("it is not bound and has no StorageClass")
	}
	if mode := c.Class.VolumeBindingMode; mode == nil || *mode == storagev1.VolumeBindingImmediate {
		return fmt.Errorf("it is not bound, although its StorageClass %q binds immediately", c.Class.Name)
	}
	if err := c.awaitsNobody(); err != nil {
		return err
	}
	for _, term := range c.Class.AllowedTopologies {
		for _, e := range term.MatchLabelExpressions {
			if r.words.IsUnsupportedTopologyKey(r.words.NormalizeKey(e.Key)) {
				return fmt.Errorf("its StorageClass %q restricts %q, which the provider does not support", c.Class.Name, e.Key)
			}
		}
	}
	return nil
}

func (r *Rules) supported(c Claim) error {
	driver, err := r.drivers.Of(c)
	if err != nil {
		return err
	}
	if r.words.IsUnsupportedProvisioner(driver) {
		return fmt.Errorf("the provider does not support driver %q", driver)
	}
	return nil
}
