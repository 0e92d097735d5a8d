// SPDX-License-Identifier: Apache-2.0

package environment

import (
	"context"
	"fmt"
	"strings"

	"github.com/onsi/gomega"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// Says is a condition of an object of the cloud, such as a NodeClass, as text: status
// reason: message. It is empty while the object has no such condition.
func Says(o *unstructured.Unstructured, kind string) string {
	conditions, _, _ := unstructured.NestedSlice(o.Object, "status", "conditions")
	for _, c := range conditions {
		if c, ok := c.(map[string]any); ok && c["type"] == kind {
			return fmt.Sprintf("%v %v: %v", c["status"], c["reason"], c["message"])
		}
	}
	return ""
}

// EventuallySays waits until a condition of an object, as [Says] has it, begins with a text
// and contains the others in whatever case.
func (e *Environment) EventuallySays(ctx context.Context, o *unstructured.Unstructured, kind, begins string, contains ...string) {
	e.eventually(ctx, patience, func(g gomega.Gomega) {
		g.Expect(e.Get(ctx, client.ObjectKeyFromObject(o), o)).To(gomega.Succeed())
		says := Says(o, kind)
		g.Expect(says).To(gomega.HavePrefix(begins), "condition %s of %s", kind, o.GetName())
		for _, text := range contains {
			g.Expect(strings.ToLower(says)).To(gomega.ContainSubstring(strings.ToLower(text)), "condition %s of %s", kind, o.GetName())
		}
	})
}
