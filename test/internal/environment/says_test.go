// SPDX-License-Identifier: Apache-2.0

package environment_test

import (
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"karpenter.sh/test/internal/environment"
)

func TestSays(t *testing.T) {
	class := &unstructured.Unstructured{Object: map[string]any{"status": map[string]any{"conditions": []any{
		map[string]any{"type": "ImagesReady", "status": "True", "reason": "ImagesReady", "message": ""},
		map[string]any{"type": "Ready", "status": "False", "reason": "NotFound", "message": "no image"},
	}}}}
	for _, tc := range []struct{ reason, kind, want string }{
		{"the condition that is asked for", "Ready", "False NotFound: no image"},
		{"one that is not there says nothing", "SubnetsReady", ""},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			if got := environment.Says(class, tc.kind); got != tc.want {
				t.Errorf("got %q, want %q", got, tc.want)
			}
		})
	}
	if got := environment.Says(&unstructured.Unstructured{Object: map[string]any{}}, "Ready"); got != "" {
		t.Errorf("an object without status says %q", got)
	}
}
