// SPDX-License-Identifier: Apache-2.0

package objects_test

import (
	"os"
	"path/filepath"
	"testing"

	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/test/internal/objects"
)

func defaults(t *testing.T, classFile, poolFile string) objects.Defaults {
	t.Helper()
	d, err := objects.LoadDefaults(classFile, poolFile)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// OPS-270, KWOK-037: what tests start from.
func TestDefaultNodePool(t *testing.T) {
	d := defaults(t, "", "")
	class := d.NodeClass("class")
	pool := d.NodePool("pool", class)
	spec := pool.Spec.Template.Spec
	if spec.NodeClassRef.Name != "class" || spec.NodeClassRef.Kind != class.GetKind() {
		t.Errorf("the pool refers to %+v", spec.NodeClassRef)
	}
	if len(pool.Spec.Limits) != 0 {
		t.Errorf("limits are %v", pool.Spec.Limits)
	}
	if spec.ExpireAfter != "30h" || pool.Spec.Disruption.ConsolidateAfter != v1.Never || pool.Spec.Disruption.Budgets[0].Nodes != "100%" {
		t.Errorf("expireAfter %s, disruption %+v", spec.ExpireAfter, pool.Spec.Disruption)
	}
	last := spec.Requirements[len(spec.Requirements)-1]
	if last.Key != objects.InstanceSize || last.Operator != v1.OperatorLt || last.Values[0] != "32" {
		t.Errorf("the last requirement is %+v", last)
	}
}

// OPS-269: other providers bring their own.
func TestDefaultsFromFiles(t *testing.T) {
	dir := t.TempDir()
	write := func(name, content string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
		return path
	}
	class := write("class.yaml", "apiVersion: example.com/v1\nkind: OtherClass\nspec: {size: 3}\n")
	pool := write("pool.yaml", "spec:\n  template:\n    spec:\n      requirements: []\n      nodeClassRef: {group: example.com, kind: OtherClass, name: x}\n")
	d := defaults(t, class, pool)
	got := d.NodePool("pool", d.NodeClass("other"))
	if ref := got.Spec.Template.Spec.NodeClassRef; ref.Kind != "OtherClass" || ref.Name != "other" {
		t.Errorf("the pool refers to %+v", ref)
	}
	if n := len(got.Spec.Template.Spec.Requirements); n != 0 {
		t.Errorf("%d requirements, of the kwok provider", n)
	}
	if _, err := objects.LoadDefaults("", write("typo.yaml", "spec: {weigth: 1}\n")); err == nil {
		t.Error("a misspelt field was accepted")
	}
}

// OPS-268: whatever a test makes is found by one label.
func TestEverythingIsMarked(t *testing.T) {
	w := objects.Workload{Name: "w", Labels: map[string]string{"a": "b"}}
	d := defaults(t, "", "")
	class := d.NodeClass("class")
	pool := d.NodePool("pool", class)
	for _, o := range []client.Object{class, pool, w.Deployment(), w.StatefulSet(), w.ReplicationController(), w.DaemonSet(), w.Pod(), w.Budget(1), objects.NodeClaim("claim", pool)} {
		if o.GetLabels()[objects.Cluster] == "" {
			t.Errorf("%T lacks the label", o)
		}
	}
	for what, labels := range map[string]map[string]string{
		"nodes of the pool":   pool.Spec.Template.ObjectMeta.Labels,
		"pods of Deployments": w.Deployment().Spec.Template.Labels,
		"pods of DaemonSets":  w.DaemonSet().Spec.Template.Labels,
	} {
		if labels[objects.Cluster] == "" {
			t.Errorf("%s lack the label", what)
		}
	}
	if len(w.Labels) != 1 {
		t.Errorf("the caller's labels were changed: %v", w.Labels)
	}
}
