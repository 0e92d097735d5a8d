// SPDX-License-Identifier: Apache-2.0

package manifests

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/yaml"
)

// Decode reads the objects of a YAML text, in its order; empty documents are
// left out.
func Decode(text []byte) ([]*unstructured.Unstructured, error) {
	decoder := yaml.NewYAMLOrJSONDecoder(bytes.NewReader(text), 4096)
	var out []*unstructured.Unstructured
	for {
		var document json.RawMessage
		err := decoder.Decode(&document)
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err != nil {
			return nil, fmt.Errorf("read document %d of a manifest: %w", len(out)+1, err)
		}
		if len(document) == 0 || string(document) == "null" {
			continue
		}
		object := &unstructured.Unstructured{}
		if err := object.UnmarshalJSON(document); err != nil {
			return nil, fmt.Errorf("read document %d of a manifest: %w", len(out)+1, err)
		}
		out = append(out, object)
	}
}

// Deployments are those among the objects.
func Deployments(objects []*unstructured.Unstructured) []*unstructured.Unstructured {
	return slices.DeleteFunc(slices.Clone(objects), func(o *unstructured.Unstructured) bool {
		return o.GetKind() != "Deployment"
	})
}

// Scale sets the replicas of Deployments so that they add up to total and keep
// their proportions; those that have none at all share alike.
func Scale(deployments []*unstructured.Unstructured, total int) error {
	shares := make([]int, len(deployments))
	for i, d := range deployments {
		replicas, _, err := unstructured.NestedInt64(d.Object, "spec", "replicas")
		if err != nil {
			return fmt.Errorf("read the replicas of Deployment %s: %w", d.GetName(), err)
		}
		shares[i] = int(replicas)
	}
	for i, replicas := range Apportion(shares, total) {
		if err := unstructured.SetNestedField(deployments[i].Object, int64(replicas), "spec", "replicas"); err != nil {
			return fmt.Errorf("set the replicas of Deployment %s: %w", deployments[i].GetName(), err)
		}
	}
	return nil
}

// Apportion splits a total in the proportion of the shares, none of them
// negative. The parts add up to the total exactly; what rounding leaves over
// goes to the largest remainders, the first among equals.
func Apportion(shares []int, total int) []int {
	if len(shares) == 0 {
		return nil
	}
	sum := 0
	for _, s := range shares {
		sum += s
	}
	if sum == 0 {
		return Apportion(slices.Repeat([]int{1}, len(shares)), total)
	}
	parts, order, left := make([]int, len(shares)), make([]int, len(shares)), total
	for i, s := range shares {
		parts[i], order[i] = total*s/sum, i
		left -= parts[i]
	}
	slices.SortStableFunc(order, func(a, b int) int { return total*shares[b]%sum - total*shares[a]%sum })
	for _, i := range order[:left] {
		parts[i]++
	}
	return parts
}
