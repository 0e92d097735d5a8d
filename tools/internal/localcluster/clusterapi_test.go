// SPDX-License-Identifier: Apache-2.0

package localcluster_test

import (
	"encoding/json"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"karpenter.sh/tools/internal/localcluster"
)

// module is that of Cluster API as far as it is read.
func module() fstest.MapFS {
	return fstest.MapFS{
		"core/config/crd/bases/one.yaml": {Data: []byte("---\nkind: CustomResourceDefinition\nspec: {group: g}\n")},
		"core/config/crd/bases/two.yaml": {Data: []byte("kind: CustomResourceDefinition\nspec: {group: h, conversion: {strategy: None}}\n")},
		"core/config/webhook/manifests.yaml": {Data: []byte(`---
kind: MutatingWebhookConfiguration
webhooks:
- name: fills
  clientConfig: {service: {name: s, namespace: n, path: /fill}}
---
kind: ValidatingWebhookConfiguration
webhooks:
- name: refuses
  failurePolicy: Fail
  clientConfig: {service: {name: s, namespace: n, path: /refuse}}
`)},
	}
}

// CAPI-121, OPS-363: all versions are converted, and webhooks are reached where no Service leads.
func TestClusterAPIObjects(t *testing.T) {
	files, err := localcluster.ClusterAPIObjects(module(), localcluster.Webhooks{URL: "https://127.0.0.1:1", Authority: []byte("ca")})
	if err != nil {
		t.Fatal(err)
	}
	client := func(path string) any {
		return map[string]any{"url": "https://127.0.0.1:1" + path, "caBundle": "Y2E="}
	}
	definition := func(group string) any {
		return map[string]any{"kind": "CustomResourceDefinition", "spec": map[string]any{"group": group, "conversion": map[string]any{
			"strategy": "Webhook", "webhook": map[string]any{"conversionReviewVersions": []any{"v1"}, "clientConfig": client("/convert")},
		}}}
	}
	list := func(items ...any) any {
		return map[string]any{"apiVersion": "v1", "kind": "List", "items": items}
	}
	for name, tc := range map[string]struct {
		have []byte
		want any
	}{
		"definitions": {files.Definitions, list(definition("g"), definition("h"))},
		"webhooks": {files.Webhooks, list(
			map[string]any{"kind": "MutatingWebhookConfiguration", "webhooks": []any{map[string]any{"name": "fills", "clientConfig": client("/fill")}}},
			map[string]any{"kind": "ValidatingWebhookConfiguration", "webhooks": []any{map[string]any{"name": "refuses", "failurePolicy": "Fail", "clientConfig": client("/refuse")}}},
		)},
	} {
		var have any
		if err := json.Unmarshal(tc.have, &have); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(tc.want, have); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

// A module that is not as it was known is an error, not a cluster without webhooks.
func TestClusterAPIObjectsMissing(t *testing.T) {
	for reason, damage := range map[string]func(fstest.MapFS){
		"no definitions": func(m fstest.MapFS) {
			delete(m, "core/config/crd/bases/one.yaml")
			delete(m, "core/config/crd/bases/two.yaml")
		},
		"no webhooks":             func(m fstest.MapFS) { delete(m, "core/config/webhook/manifests.yaml") },
		"a definition of nothing": func(m fstest.MapFS) { m["core/config/crd/bases/one.yaml"].Data = []byte("kind: List\n") },
		"a configuration of none": func(m fstest.MapFS) { m["core/config/webhook/manifests.yaml"].Data = []byte("kind: List\n") },
		"a webhook without path": func(m fstest.MapFS) {
			m["core/config/webhook/manifests.yaml"].Data = []byte("webhooks: [{name: w, clientConfig: {}}]\n")
		},
		"no YAML": func(m fstest.MapFS) { m["core/config/webhook/manifests.yaml"].Data = []byte("{") },
	} {
		m := module()
		damage(m)
		if _, err := localcluster.ClusterAPIObjects(m, localcluster.Webhooks{}); err == nil {
			t.Errorf("%s: no error", reason)
		}
	}
}
