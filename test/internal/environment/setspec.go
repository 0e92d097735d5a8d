// SPDX-License-Identifier: Apache-2.0

package environment

import (
	"context"

	"github.com/onsi/ginkgo/v2"
	"github.com/onsi/gomega"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// SetSpec changes a field of an object's spec, such as that of a NodeClass. The value is one
// that JSON knows.
func (e *Environment) SetSpec(ctx context.Context, o *unstructured.Unstructured, value any, field ...string) {
	ginkgo.GinkgoHelper()
	e.Update(ctx, o, func() {
		gomega.Expect(unstructured.SetNestedField(o.Object, value, append([]string{"spec"}, field...)...)).To(gomega.Succeed())
	})
}
