// SPDX-License-Identifier: Apache-2.0

package storage

import (
	"errors"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	storagev1 "k8s.io/api/storage/v1"
)

// bindCompleted is what the binder leaves on a claim whose volume is its own.
const bindCompleted = "pv.kubernetes.io/bind-completed"

// Validate checks the claims of one pod that waits, in their order. The first
// failure is returned; it names the objects concerned (SCH-081).
func (r *Rules) Validate(claims []Claim) error {
	for _, c := range claims {
		if err := r.validate(c); err != nil {
			return err
		}
	}
	return nil
}

func (r *Rules) validate(c Claim) error {
	kind := r.unbound
	if c.VolumeName() != "" {
		kind = bound
	}
	for _, check := range []func(Claim) error{usable, Claim.Missing, kind, r.supported} {
		if err := check(c); err != nil {
			return c.Wrap(err)
		}
	}
	return nil
}

func usable(c Claim) error {
	switch {
	case c.Object == nil:
		return c.Missing()
	case c.Object.DeletionTimestamp != nil:
		return errors.New("it is being deleted")
	case c.Object.Status.Phase == corev1.ClaimLost:
		return errors.New("its volume is lost")
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
