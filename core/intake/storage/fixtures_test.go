// SPDX-License-Identifier: Apache-2.0

package storage_test

import (
	corev1 "k8s.io/api/core/v1"
	storagev1 "k8s.io/api/storage/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"karpenter.sh/core/apis/vocabulary"
	"karpenter.sh/core/engine/label"
	"karpenter.sh/core/intake/storage"
)

type expression = corev1.NodeSelectorRequirement

func in(key string, values ...string) expression {
	return expression{Key: key, Operator: corev1.NodeSelectorOpIn, Values: values}
}

func zones(values ...string) []expression { return []expression{in(label.Zone, values...)} }

// bound is a claim bound to a CSI volume that can be reached from nodes that meet
// any of the terms.
func bound(name string, terms ...[]expression) storage.Claim {
	pvc := &corev1.PersistentVolumeClaim{ObjectMeta: metav1.ObjectMeta{
		Namespace: "ns", Name: name, Annotations: map[string]string{"pv.kubernetes.io/bind-completed": "yes"},
	}}
	pvc.Spec.VolumeName = "pv-" + name
	pv := &corev1.PersistentVolume{ObjectMeta: metav1.ObjectMeta{Name: "pv-" + name}}
	pv.Spec.CSI = &corev1.CSIPersistentVolumeSource{Driver: "csi.example.com"}
	if len(terms) > 0 {
		pv.Spec.NodeAffinity = &corev1.VolumeNodeAffinity{Required: &corev1.NodeSelector{}}
	}
	for _, t := range terms {
		pv.Spec.NodeAffinity.Required.NodeSelectorTerms = append(pv.Spec.NodeAffinity.Required.NodeSelectorTerms,
			corev1.NodeSelectorTerm{MatchExpressions: t})
	}
	return storage.Claim{Key: types.NamespacedName{Namespace: "ns", Name: name}, Object: pvc, Volume: pv}
}

// on replaces what a bound claim's volume is.
func on(c storage.Claim, source corev1.PersistentVolumeSource) storage.Claim {
	c.Volume.Spec.PersistentVolumeSource = source
	return c
}

// unbound is a claim of a class whose volumes may be made in any of the terms.
func unbound(name string, terms ...[]expression) storage.Claim {
	class, mode := "class-"+name, storagev1.VolumeBindingWaitForFirstConsumer
	pvc := &corev1.PersistentVolumeClaim{ObjectMeta: metav1.ObjectMeta{Namespace: "ns", Name: name}}
	pvc.Spec.StorageClassName = &class
	sc := &storagev1.StorageClass{ObjectMeta: metav1.ObjectMeta{Name: class}, Provisioner: "csi.example.com", VolumeBindingMode: &mode}
	for _, t := range terms {
		var term corev1.TopologySelectorTerm
		for _, e := range t {
			term.MatchLabelExpressions = append(term.MatchLabelExpressions, corev1.TopologySelectorLabelRequirement{Key: e.Key, Values: e.Values})
		}
		sc.AllowedTopologies = append(sc.AllowedTopologies, term)
	}
	return storage.Claim{Key: types.NamespacedName{Namespace: "ns", Name: name}, Object: pvc, Class: sc}
}

// rules are those of a provider that does not support some things.
func rules() *storage.Rules {
	words, err := vocabulary.New(vocabulary.Additions{
		KeyAliases:              map[string]string{"topology.csi.example.com/zone": label.Zone, "csi.example.com/rack": "example.com/rack"},
		ValueAliases:            map[string]map[string]string{label.Zone: {"": "0"}},
		UnsupportedTopologyKeys: []string{"example.com/rack"},
		UnsupportedProvisioners: []string{"old.csi.example.com"},
	})
	if err != nil { // constant input
		panic(err)
	}
	return storage.NewRules(words)
}
