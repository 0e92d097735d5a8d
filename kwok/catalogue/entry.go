// SPDX-License-Identifier: Apache-2.0

package catalogue

import (
	"encoding/json"
	"fmt"

	"go.yaml.in/yaml/v3"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/util/validation"

	"karpenter.sh/core/apis/lenient"
	"karpenter.sh/core/cloudprovider"
)

// defaultPods is the number of pods of a type that says nothing about it.
const defaultPods = 110

// entry is an instance type as the file has it, checked.
type entry struct {
	index        int
	node         *yaml.Node
	name         string
	architecture string
	systems      []string
	resources    corev1.ResourceList
	offerings    []offering
	devices      []cloudprovider.DeviceTemplate
}

func (r *reader) entry(node *yaml.Node) entry {
	node = resolved(node)
	o := r.object(node, "name", "architecture", "operatingSystems", "resources", "offerings", "deviceTemplates")
	if name := o.get("name"); name != nil {
		r.name = name.Value
	}
	e := entry{
		index:        r.index,
		node:         node,
		name:         o.text("name"),
		architecture: o.text("architecture"),
		systems:      o.texts("operatingSystems"),
		resources:    o.resources(),
		devices:      o.deviceTemplates(),
	}
	for _, value := range append([]string{e.name, e.architecture}, e.systems...) {
		o.checkLabelValue(value)
	}
	if len(e.systems) == 0 {
		o.failf(node, "operatingSystems is missing or empty")
	}
	e.offerings = o.offerings(e.name)
	return e
}

func (o object) checkLabelValue(value string) {
	for _, why := range validation.IsValidLabelValue(value) {
		o.failf(o.node, "%q is not a label value: %s", value, why)
	}
}

func (o object) resources() corev1.ResourceList {
	list := o.quantities("resources")
	for _, name := range []corev1.ResourceName{corev1.ResourceCPU, corev1.ResourceMemory} {
		if _, ok := list[name]; !ok {
			o.failf(o.node, "resources: %s is missing", name)
		}
	}
	if _, ok := list[corev1.ResourcePods]; !ok && list != nil {
		list[corev1.ResourcePods] = *resource.NewQuantity(defaultPods, resource.DecimalSI)
	}
	return list
}

func (o object) deviceTemplates() []cloudprovider.DeviceTemplate {
	var out []cloudprovider.DeviceTemplate
	for _, node := range o.list("deviceTemplates") {
		d := o.object(node, "driver", "pool", "devices", "sharedCounters")
		template := cloudprovider.DeviceTemplate{Driver: d.text("driver"), Pool: d.text("pool")}
		if devices := d.get("devices"); devices != nil {
			d.kubernetes(devices, &template.Devices)
		}
		if counters := d.get("sharedCounters"); counters != nil {
			d.kubernetes(counters, &template.SharedCounters)
		}
		if d.has("devices") == d.has("sharedCounters") {
			d.failf(node, "a device template has either devices or sharedCounters")
		}
		out = append(out, template)
	}
	return out
}

// kubernetes reads a value as the API server would.
func (o object) kubernetes(node *yaml.Node, into any) {
	if err := decodeKubernetes(node, into); err != nil {
		o.failf(node, "%v", err)
	}
}

func decodeKubernetes(node *yaml.Node, into any) error {
	var plain any
	if err := node.Decode(&plain); err != nil {
		return fmt.Errorf("reading a device template: %w", err)
	}
	text, err := json.Marshal(plain)
	if err != nil {
		return fmt.Errorf("reading a device template: %w", err)
	}
	if err := lenient.CheckNumbers(text); err != nil {
		return fmt.Errorf("reading a device template: %w", err)
	}
	if err := json.Unmarshal(text, into); err != nil {
		return fmt.Errorf("reading a device template: %w", err)
	}
	return nil
}
