// SPDX-License-Identifier: Apache-2.0

package storage

import (
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
)

// Users are the pods of one round, as namespace/name, that will have claims which
// one pod at a time may use. The others wait: the scheduler would take one of
// them, and nodes for the rest would come up in vain.
type Users map[types.NamespacedName]string

// Mark says of the claims that a pod of the round will have them.
func (u Users) Mark(claims []Claim) {
	for i := range claims {
		if claims[i].User == "" && claims[i].Exclusive() {
			claims[i].User = u[claims[i].Key]
		}
	}
}

// Add takes in a pod that is served in the round.
func (u Users) Add(pod *corev1.Pod, claims []Claim) {
	for _, c := range claims {
		if c.Exclusive() {
			u[c.Key] = pod.Namespace + "/" + pod.Name
		}
	}
}
