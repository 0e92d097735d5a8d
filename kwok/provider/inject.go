// SPDX-License-Identifier: Apache-2.0

package provider

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/kwok/apis/v1alpha1"
)

// injection is what the annotations of a NodeClass provoke (KWOK-039). The zero
// injection provokes nothing.
type injection struct {
	createError      createError
	createErrorRate  float64
	unavailable      patterns
	neverRegister    bool
	drift            cloudprovider.DriftReason
	terminationDelay time.Duration
	latency          time.Duration
}

// createError is a class of error to fail with; empty means none.
type createError string

const (
	failCapacity createError = "InsufficientCapacity"
	failNotReady createError = "NodeClassNotReady"
	failCreate   createError = "CreateError"
	failUnknown  createError = "Unknown"
)

// patterns name offerings.
type patterns []pattern

// pattern is <capacity type>/<type>/<zone>, each of which may be *.
type pattern [3]string

// match reports whether any pattern names an offering.
func (ps patterns) match(it *cloudprovider.InstanceType, o *cloudprovider.Offering) bool {
	return slices.ContainsFunc(ps, func(p pattern) bool {
		return matches(p[0], o.CapacityType()) && matches(p[1], it.Name) && matches(p[2], o.Zone())
	})
}

func matches(pattern, value string) bool { return pattern == "*" || pattern == value }

// camelCase is what a reason looks like.
var camelCase = regexp.MustCompile(`^[A-Z][A-Za-z0-9]*$`)

// readInjection reads annotations. Values that mean nothing have no effect and
// are returned for the log.
func readInjection(annotations map[string]string) (injection, []string) {
	out := injection{createErrorRate: 1}
	r := injectionReader{annotations: annotations}
	r.read(v1alpha1.AnnotationCreateError, func(v string) bool {
		known := slices.Contains([]createError{failCapacity, failNotReady, failCreate, failUnknown}, createError(v))
		return known && set(&out.createError, createError(v))
	})
	r.read(v1alpha1.AnnotationCreateErrorRate, func(v string) bool {
		rate, err := strconv.ParseFloat(v, 64)
		return err == nil && rate >= 0 && rate <= 1 && set(&out.createErrorRate, rate)
	})
	r.read(v1alpha1.AnnotationUnavailableOfferings, func(v string) bool {
		parsed, ok := readPatterns(v)
		return set(&out.unavailable, parsed) && ok
	})
	r.read(v1alpha1.AnnotationNeverRegister, func(v string) bool {
		return (v == "true" || v == "false") && set(&out.neverRegister, v == "true")
	})
	r.read(v1alpha1.AnnotationDriftReason, func(v string) bool {
		return camelCase.MatchString(v) && set(&out.drift, cloudprovider.DriftReason(v))
	})
	r.read(v1alpha1.AnnotationTerminationDelay, func(v string) bool { return readDuration(v, &out.terminationDelay) })
	r.read(v1alpha1.AnnotationAPILatency, func(v string) bool { return readDuration(v, &out.latency) })
	return out, r.ignored
}

// injectionReader reads annotations one by one and remembers what is ignored.
type injectionReader struct {
	annotations map[string]string
	ignored     []string
}

func (r *injectionReader) read(key string, accept func(value string) bool) {
	if value, ok := r.annotations[key]; ok && !accept(value) {
		r.ignored = append(r.ignored, fmt.Sprintf("%s=%q", key, value))
	}
}

func set[T any](target *T, value T) bool {
	*target = value
	return true
}

func readDuration(text string, into *time.Duration) bool {
	d, err := time.ParseDuration(text)
	return err == nil && d >= 0 && set(into, d)
}

// readPatterns reads a comma list; it is false when an item is not a pattern,
// which is left out.
func readPatterns(text string) (patterns, bool) {
	var out patterns
	ok := true
	for item := range strings.SplitSeq(text, ",") {
		parts := strings.Split(strings.TrimSpace(item), "/")
		if len(parts) != 3 {
			ok = false
			continue
		}
		out = append(out, pattern(parts))
	}
	return out, ok
}
