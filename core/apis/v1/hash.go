// SPDX-License-Identifier: Apache-2.0

package v1

import (
	"strconv"
	"time"

	corev1 "k8s.io/api/core/v1"
)

// HashVersion names the algorithm of NodePool.Hash. It changes with the algorithm,
// the hashed fields and their defaults, so that such a change drifts no node.
const HashVersion = "v3"

// Hash is the static hash of the pool: a decimal number over those fields of the
// template whose change makes existing nodes drift. Requirements are not among
// them, since they are compared by meaning. Neither the order of lists nor the
// spelling of durations matters.
//
// The result is the same bit for bit as that of other implementations of version
// v3, so that a cluster can change hands without drift (API-094).
func (p *NodePool) Hash() string {
	template := &p.Spec.Template
	return strconv.FormatUint(digestStruct("NodeClaimTemplate",
		digestField{"ObjectMeta", digestObjectMeta(&template.ObjectMeta)},
		digestField{"Spec", digestTemplateSpec(&template.Spec)},
	), 10)
}

func digestObjectMeta(meta *ObjectMeta) *uint64 {
	if meta.Labels == nil && meta.Annotations == nil {
		return nil
	}
	return some(digestStruct("ObjectMeta",
		digestField{"Labels", digestMap(meta.Labels)},
		digestField{"Annotations", digestMap(meta.Annotations)},
	))
}

func digestTemplateSpec(spec *NodeClaimTemplateSpec) *uint64 {
	return some(digestStruct("NodeClaimTemplateSpec",
		digestField{"Taints", digestTaints(spec.Taints)},
		digestField{"StartupTaints", digestTaints(spec.StartupTaints)},
		digestField{"NodeClassRef", digestNodeClassRef(spec.NodeClassRef)},
		digestField{"TerminationGracePeriod", digestGracePeriod(spec.TerminationGracePeriod)},
		digestField{"ExpireAfter", digestExpiry(spec.ExpireAfter)},
	))
}

func digestNodeClassRef(ref NodeClassReference) *uint64 {
	if ref == (NodeClassReference{}) {
		return nil
	}
	return some(digestStruct("NodeClassReference",
		digestField{"Kind", digestText(ref.Kind)},
		digestField{"Name", digestText(ref.Name)},
		digestField{"Group", digestText(ref.Group)},
	))
}

func digestTaints(taints []corev1.Taint) *uint64 {
	if taints == nil {
		return nil
	}
	var sum uint64
	for i := range taints {
		sum ^= digestTaint(&taints[i])
	}
	return &sum
}

func digestTaint(taint *corev1.Taint) uint64 {
	var added *uint64
	if taint.TimeAdded != nil {
		added = digestText(taint.TimeAdded.UTC().Format(time.RFC3339))
	}
	return digestStruct("Taint",
		digestField{"Key", digestText(taint.Key)},
		digestField{"Value", digestText(taint.Value)},
		digestField{"Effect", digestText(string(taint.Effect))},
		digestField{"TimeAdded", added},
	)
}

// digestGracePeriod tells 0s, a struct without fields, from an unset period.
func digestGracePeriod(period Duration) *uint64 {
	span, set := period.Value()
	if !set {
		return nil
	}
	var nanoseconds *uint64
	if span != 0 {
		nanoseconds = some(digestInt(int64(span)))
	}
	return some(digestStruct("Duration", digestField{"Duration", nanoseconds}))
}

func digestExpiry(expiry NillableDuration) *uint64 {
	span, finite := expiry.Value()
	if !finite {
		return nil
	}
	return some(digestStruct("NillableDuration", digestField{"Duration", some(digestInt(int64(span)))}))
}
