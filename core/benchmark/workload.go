// SPDX-License-Identifier: Apache-2.0

package benchmark

import (
	"fmt"
	"math/rand"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// Plain returns pods without constraints in the given number of shapes. The
// same arguments give the same pods.
func Plain(pods, shapes int) []*corev1.Pod {
	rnd := rand.New(rand.NewSource(42))
	requests := make([]corev1.ResourceList, shapes)
	for i := range requests {
		requests[i] = corev1.ResourceList{
			corev1.ResourceCPU:    *resource.NewMilliQuantity(int64(100+25*rnd.Intn(80)), resource.DecimalSI),
			corev1.ResourceMemory: *resource.NewQuantity(int64(128+64*rnd.Intn(120))<<20, resource.BinarySI),
		}
	}
	out := make([]*corev1.Pod, pods)
	for i := range out {
		out[i] = pod(i, requests[rnd.Intn(shapes)])
	}
	return out
}

func pod(i int, requests corev1.ResourceList) *corev1.Pod {
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: "default", Name: fmt.Sprintf("pod-%05d", i), UID: types.UID(fmt.Sprintf("uid-%05d", i)),
			CreationTimestamp: metav1.NewTime(time.Unix(int64(1_700_000_000+i/100), 0)),
		},
		Spec: corev1.PodSpec{Containers: []corev1.Container{{
			Name: "app", Image: "app", Resources: corev1.ResourceRequirements{Requests: requests},
		}}},
	}
}
