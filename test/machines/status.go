// SPDX-License-Identifier: Apache-2.0

package machines

import (
	"context"
	"fmt"

	"k8s.io/apimachinery/pkg/api/equality"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// patchStatus writes what has changed in the status of an object since before, if anything
// has.
func patchStatus(ctx context.Context, to client.Client, o, before client.Object) error {
	if equality.Semantic.DeepEqual(before, o) {
		return nil
	}
	if err := to.Status().Patch(ctx, o, client.MergeFrom(before)); err != nil {
		return fmt.Errorf("write the status of %T %s: %w", o, o.GetName(), err)
	}
	return nil
}
