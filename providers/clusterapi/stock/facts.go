// SPDX-License-Identifier: Apache-2.0

package stock

import (
	"context"
	"errors"
	"fmt"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"karpenter.sh/providers/clusterapi/capi"
	"karpenter.sh/providers/clusterapi/instancetype"
)

// ErrUntold says that what is known of a deployment beside what it says itself cannot be
// told now, and never was.
var ErrUntold = errors.New("what its machines are cannot be told now")

// read reads a deployment. Facts that cannot be told now are those that were told last. If
// none ever were, what its annotations say is enough if they say all that decides where
// pods go; else the deployment has a type that is not to be had: one without a type would
// drift its nodes. Labels that are none are wrong whatever can be told.
func (s *Stock) read(ctx context.Context, d *capi.MachineDeployment) Deployment {
	facts, err := s.opts.Facts(ctx, d)
	r := s.shapes.of(d, facts, err)
	out := Deployment{Object: d, Shape: r.shape, Err: r.err, number: r.number}
	if !r.told && r.shape != nil && (r.err != nil || !complete(d)) {
		out.Err = fmt.Errorf("MachineDeployment %s: %w: %w", client.ObjectKeyFromObject(d), ErrUntold, err)
	}
	return out
}

// complete reports whether annotations tell the size and the platform of machines.
func complete(d *capi.MachineDeployment) bool {
	for _, key := range []string{instancetype.AnnotationCPU, instancetype.AnnotationMemory, instancetype.AnnotationArch, instancetype.AnnotationOS} {
		if d.Annotations[key] == "" {
			return false
		}
	}
	return true
}
