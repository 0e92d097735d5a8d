// SPDX-License-Identifier: Apache-2.0

package kubelet

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/utils/cpuset"
)

// Configuration is a KubeletConfiguration of a user that has been checked: what of
// it changes what pods can use, and all of it as it was written.
type Configuration struct {
	// MaxPods is nil where the default of the type holds.
	MaxPods *int64
	// PodsPerCore is 0 where it sets no bound.
	PodsPerCore int64
	// KubeReserved and SystemReserved hold the keys that were given.
	KubeReserved   corev1.ResourceList
	SystemReserved corev1.ResourceList
	// EvictionHard is by signal.
	EvictionHard map[string]Threshold
	// ReservedSystemCPUs is a list of CPUs such as "0-1,4"; empty means none.
	ReservedSystemCPUs string
	// Expressions are texts in place of numbers, by field ("maxPods",
	// "kubeReserved.cpu"), where [Reader] allows them. Whoever evaluates them sets
	// the field above.
	Expressions map[string]string
	// Object is the whole, as it was written; numbers are json.Number. Nil means that
	// nothing was.
	Object map[string]any
}

// Texts is a field that maps names to texts, such as evictionSoft; it is empty if nothing was
// written there.
func (c Configuration) Texts(name string) map[string]string {
	table, _ := c.Object[name].(map[string]any)
	out := make(map[string]string, len(table))
	for key, value := range table {
		if text, isText := value.(string); isText {
			out[key] = text
		}
	}
	return out
}

// Reader says how a KubeletConfiguration is written in a NodeClass.
type Reader struct {
	// Path of the field in the NodeClass, which messages begin with.
	Path *field.Path
	// Expressions allows a text for maxPods, and values of kubeReserved and
	// systemReserved that are no quantity.
	Expressions bool
}

// Read checks a KubeletConfiguration in JSON and takes from it what counts. The
// errors name the field each, and are all there are: of a field of the wrong shape
// nothing else is checked. Empty JSON and null are a configuration that says
// nothing.
func (r Reader) Read(raw []byte) (Configuration, field.ErrorList) {
	if len(bytes.TrimSpace(raw)) == 0 {
		return Configuration{}, nil
	}
	var object map[string]any
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	if err := decoder.Decode(&object); err != nil {
		return Configuration{}, field.ErrorList{field.Invalid(r.Path, "", fmt.Sprintf("must be a JSON object: %v", err))}
	}
	if _, err := decoder.Token(); err != io.EOF { //nolint:errorlint // as it is documented
		return Configuration{}, field.ErrorList{field.Invalid(r.Path, "", "must be one JSON object")}
	}
	shape, err := shape()
	if err != nil {
		return Configuration{}, field.ErrorList{field.InternalError(r.Path, err)}
	}
	rest, expression := r.withoutExpression(object)
	errs := misshapen(r.Path, shape, rest)
	v := values{path: r.Path, object: rest, expressions: r.Expressions, skip: fields(errs)}
	c := v.configuration()
	c.Object = object
	if expression != "" {
		c.Expressions["maxPods"] = expression
	}
	return c, append(errs, v.errs...)
}

// withoutExpression takes a text for maxPods out, where it may be one.
func (r Reader) withoutExpression(object map[string]any) (rest map[string]any, expression string) {
	text, isText := object["maxPods"].(string)
	if !r.Expressions || !isText || text == "" {
		return object, ""
	}
	rest = maps.Clone(object)
	delete(rest, "maxPods")
	return rest, text
}

// fields are those that errors are about.
func fields(errs field.ErrorList) []string {
	out := make([]string, len(errs))
	for i, err := range errs {
		out[i] = err.Field
	}
	return out
}

// reserved are the resources that can be.
func reserved() []string { return []string{"cpu", "memory", "ephemeral-storage", "pid"} }

// values reads fields of an object and collects what is wrong with them.
type values struct {
	path        *field.Path
	object      map[string]any
	expressions bool
	skip        []string // fields of the wrong shape
	errs        field.ErrorList
}

func (v *values) fail(path *field.Path, value any, problem string) {
	v.errs = append(v.errs, field.Invalid(path, value, problem))
}

// whole reads a field that must not be negative.
func (v *values) whole(name string) (int64, bool) {
	number, there := v.object[name].(json.Number)
	if !there || slices.Contains(v.skip, v.path.Child(name).String()) {
		return 0, false
	}
	n, err := number.Int64()
	if err != nil || n < 0 {
		v.fail(v.path.Child(name), number.String(), "must not be negative")
		return 0, false
	}
	return n, true
}

// texts reads a field that maps some keys to texts.
func (v *values) texts(name string, keys []string) map[string]string {
	object, _ := v.object[name].(map[string]any)
	out := make(map[string]string, len(object))
	for _, key := range slices.Sorted(maps.Keys(object)) {
		text, isText := object[key].(string)
		switch {
		case !slices.Contains(keys, key):
			v.fail(v.path.Child(name).Key(key), key, "must be one of "+strings.Join(keys, ", "))
		case isText:
			out[key] = text
		}
	}
	return out
}

// reservedOf reads kubeReserved or systemReserved.
func (v *values) reservedOf(name string, expressions map[string]string) corev1.ResourceList {
	out := corev1.ResourceList{}
	for key, text := range v.texts(name, reserved()) {
		quantity, err := resource.ParseQuantity(text)
		switch path := v.path.Child(name).Key(key); {
		case strings.HasPrefix(text, "-"):
			v.fail(path, text, "must not be negative")
		case err == nil:
			out[corev1.ResourceName(key)] = quantity
		case v.expressions && text != "":
			expressions[name+"."+key] = text
		default:
			v.fail(path, text, "must be a quantity, such as 100m or 1Gi")
		}
	}
	return out
}

// thresholds reads a field that maps signals to thresholds.
func (v *values) thresholds(name string, parse func(string) (Threshold, error)) map[string]Threshold {
	out := map[string]Threshold{}
	for signal, text := range v.texts(name, signals()) {
		threshold, err := parse(text)
		if err != nil {
			v.fail(v.path.Child(name).Key(signal), text, err.Error())
			continue
		}
		out[signal] = threshold
	}
	return out
}

// maxCPUSet is as long as a list of CPUs may be, maxCPU the highest that Linux
// knows.
const (
	maxCPUSet = 4096
	maxCPU    = 8191
)

// parseCPUs reads a list such as "0-1,4". Ends of ranges are looked at first, since
// the parser makes a set of each number in them.
func parseCPUs(text string) (cpuset.CPUSet, error) {
	if len(text) > maxCPUSet {
		return cpuset.CPUSet{}, fmt.Errorf("must not be longer than %d characters", maxCPUSet)
	}
	for _, number := range strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == '-' }) {
		if len(number) > len("8191") || number > "8191" && len(number) == len("8191") {
			return cpuset.CPUSet{}, fmt.Errorf("names CPU %.20s, more than the highest, %d", number, maxCPU)
		}
	}
	set, err := cpuset.Parse(text)
	if err != nil {
		return cpuset.CPUSet{}, fmt.Errorf("must be a list of CPUs, such as 0-1,4: %w", err)
	}
	return set, nil
}
