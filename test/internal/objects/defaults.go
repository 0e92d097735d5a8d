// SPDX-License-Identifier: Apache-2.0

package objects

import (
	_ "embed"
	"fmt"
	"os"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"

	v1 "karpenter.sh/core/apis/v1"
)

//go:embed defaults/nodeclass.yaml
var nodeClass []byte

//go:embed defaults/nodepool.yaml
var nodePool []byte

// InstanceCPU, InstanceSize and InstanceFamily are the labels that the kwok provider
// gives its nodes after their number of processors, and the memory that comes with
// each (KWOK-009, KWOK-011 to KWOK-013).
const (
	InstanceCPU    = kwokGroup + "/instance-cpu"
	InstanceSize   = kwokGroup + "/instance-size"
	InstanceFamily = kwokGroup + "/instance-family"
)

const kwokGroup = "karpenter.kwok.sh"

// Defaults are the NodeClass and the NodePool that tests start from. They are of
// the kwok provider unless files say otherwise (OPS-269, OPS-270).
type Defaults struct {
	class *unstructured.Unstructured
	pool  *v1.NodePool
}

// LoadDefaults reads the defaults from YAML files; an empty path takes the kwok
// provider's.
func LoadDefaults(classFile, poolFile string) (Defaults, error) {
	class, err := contents(classFile, nodeClass)
	if err != nil {
		return Defaults{}, fmt.Errorf("default NodeClass: %w", err)
	}
	pool, err := contents(poolFile, nodePool)
	if err != nil {
		return Defaults{}, fmt.Errorf("default NodePool: %w", err)
	}
	return ParseDefaults(class, pool)
}

// contents are those of a file, or the given ones if no file is named.
func contents(file string, otherwise []byte) ([]byte, error) {
	if file == "" {
		return otherwise, nil
	}
	return os.ReadFile(file)
}

// ParseDefaults reads the defaults from YAML texts.
func ParseDefaults(class, pool []byte) (Defaults, error) {
	d := Defaults{class: &unstructured.Unstructured{}, pool: &v1.NodePool{}}
	if err := yaml.UnmarshalStrict(class, d.class); err != nil {
		return d, fmt.Errorf("default NodeClass: %w", err)
	}
	// NodePools read what they can of themselves (API-177); a text has to be right.
	type strict v1.NodePool
	if err := yaml.UnmarshalStrict(pool, (*strict)(d.pool)); err != nil {
		return d, fmt.Errorf("default NodePool: %w", err)
	}
	return d, nil
}

// NodeClass returns the default NodeClass under another name. It is untyped,
// because each provider has a kind of its own.
func (d Defaults) NodeClass(name string) *unstructured.Unstructured {
	class := d.class.DeepCopy()
	class.SetName(name)
	class.SetLabels(Marked(class.GetLabels()))
	return class
}

// NodePool returns the default NodePool under another name, referring to a
// NodeClass, without limits. On kwok its nodes have fewer than 32 processors,
// so that a few hundred pods need more than one.
func (d Defaults) NodePool(name string, class *unstructured.Unstructured) *v1.NodePool {
	pool := d.pool.DeepCopy()
	pool.Name = name
	pool.Labels = Marked(pool.Labels)
	pool.Spec.Limits = nil
	template := &pool.Spec.Template
	template.ObjectMeta.Labels = Marked(template.ObjectMeta.Labels)
	template.Spec.NodeClassRef.Name = class.GetName()
	template.Spec.ExpireAfter = "30h"
	if template.Spec.NodeClassRef.Group == kwokGroup {
		Require(pool, InstanceSize, corev1.NodeSelectorOpLt, "32")
	}
	return pool
}

// Require adds a requirement to a NodePool's template.
func Require(pool *v1.NodePool, key string, operator corev1.NodeSelectorOperator, values ...string) {
	template := &pool.Spec.Template.Spec
	template.Requirements = append(template.Requirements,
		v1.NodeSelectorRequirementWithMinValues{Key: key, Operator: operator, Values: values})
}
