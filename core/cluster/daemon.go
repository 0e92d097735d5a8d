// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"slices"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	nodev1 "k8s.io/api/node/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"karpenter.sh/core/intake"
)

// daemons are the DaemonSets and their pods, by UID of the DaemonSet. Pods are
// observed whether or not their DaemonSet is known yet.
type daemons struct {
	sets   map[types.UID]*daemonSet
	byName map[types.NamespacedName]types.UID // DaemonSets
	owners map[types.NamespacedName]types.UID // of pods
	// what admission of pods reads, see admission.go
	limits   map[string]map[string]*corev1.LimitRange // by namespace and name
	runtimes map[string]*nodev1.RuntimeClass
	// ignoreDRA leaves out daemons that ask for devices (SCH-127).
	ignoreDRA bool
}

type daemonSet struct {
	set  *appsv1.DaemonSet // nil until known
	pods map[types.NamespacedName]*corev1.Pod
	// sample is the newest pod; it stays when there are none (LIF-034).
	sample *corev1.Pod
	// representative stands for the pods to come, nil if there will be none. It is
	// replaced only when it differs, so that equal pointers mean equal daemons.
	representative *corev1.Pod
}

func newDaemons(ignoreDRA bool) daemons {
	return daemons{
		sets:      map[types.UID]*daemonSet{},
		byName:    map[types.NamespacedName]types.UID{},
		owners:    map[types.NamespacedName]types.UID{},
		limits:    map[string]map[string]*corev1.LimitRange{},
		runtimes:  map[string]*nodev1.RuntimeClass{},
		ignoreDRA: ignoreDRA,
	}
}

func (d *daemons) of(uid types.UID) *daemonSet {
	s := d.sets[uid]
	if s == nil {
		s = &daemonSet{pods: map[types.NamespacedName]*corev1.Pod{}}
		d.sets[uid] = s
	}
	return s
}

// observe takes in a pod and reports whether a representative changed.
func (d *daemons) observe(pod *corev1.Pod) bool {
	key, owner := podKey(pod), metav1.GetControllerOf(pod)
	if owner == nil || owner.Kind != "DaemonSet" || owner.APIVersion != "apps/v1" {
		d.forgetPod(key)
		return false
	}
	if d.owners[key] != owner.UID {
		d.forgetPod(key)
		d.owners[key] = owner.UID
	}
	s := d.of(owner.UID)
	s.pods[key] = pod
	if s.sample != nil && podKey(s.sample) != key && !younger(pod, s.sample) {
		return false
	}
	s.sample = pod
	return s.refresh(d.rules(pod.Namespace))
}

// forgetPod takes in that a pod is gone. The sample stays until the DaemonSet
// is examined again.
func (d *daemons) forgetPod(key types.NamespacedName) {
	uid, ok := d.owners[key]
	if !ok {
		return
	}
	delete(d.owners, key)
	s := d.sets[uid]
	delete(s.pods, key)
	d.settle(uid, s)
}

func (d *daemons) settle(uid types.UID, s *daemonSet) {
	if s.set == nil && len(s.pods) == 0 {
		delete(d.sets, uid)
	}
}

func younger(a, b *corev1.Pod) bool {
	if order := a.CreationTimestamp.Compare(b.CreationTimestamp.Time); order != 0 {
		return order > 0
	}
	return compareKeys(podKey(a), podKey(b)) > 0
}

// update takes in a DaemonSet, and reports whether a representative changed.
func (d *daemons) update(set *appsv1.DaemonSet) bool {
	key := types.NamespacedName{Namespace: set.Namespace, Name: set.Name}
	replaced := false
	if uid, known := d.byName[key]; known && uid != set.UID {
		replaced = d.remove(key)
	}
	d.byName[key] = set.UID
	s := d.of(set.UID)
	s.set = set
	s.resample()
	return s.refresh(d.rules(set.Namespace)) || replaced
}

// resample picks the newest pod, if there is any.
func (s *daemonSet) resample() {
	var newest *corev1.Pod
	for _, pod := range s.pods {
		if newest == nil || younger(pod, newest) {
			newest = pod
		}
	}
	if newest != nil {
		s.sample = newest
	}
}

// remove takes in that a DaemonSet is gone.
func (d *daemons) remove(key types.NamespacedName) bool {
	uid, known := d.byName[key]
	if !known {
		return false
	}
	delete(d.byName, key)
	s := d.sets[uid]
	s.set, s.representative = nil, nil
	d.settle(uid, s)
	return true
}

// representatives lists one pod for each DaemonSet that will have more of them, by
// namespace and name.
func (d *daemons) representatives() []*corev1.Pod {
	var out []*corev1.Pod
	for _, uid := range d.byName {
		pod := d.sets[uid].representative
		if pod == nil || d.ignoreDRA && intake.ClaimsDevices(&pod.Spec) {
			continue
		}
		out = append(out, pod)
	}
	slices.SortFunc(out, func(a, b *corev1.Pod) int { return compareKeys(podKey(a), podKey(b)) })
	return out
}

// UpdateDaemonSet takes in a DaemonSet as the API server has it. Call it again
// from time to time: it then looks for the newest pod anew.
func (c *Cluster) UpdateDaemonSet(set *appsv1.DaemonSet) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.daemons.update(set) {
		c.renewDaemons()
	}
}

// DeleteDaemonSet takes in that a DaemonSet is gone.
func (c *Cluster) DeleteDaemonSet(key types.NamespacedName) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.daemons.remove(key) {
		c.renewDaemons()
	}
}

// renewDaemons begins a new epoch: what every node has free depends on the
// daemons still to come.
func (c *Cluster) renewDaemons() {
	c.epoch = &epoch{compiler: c.epoch.compiler, daemons: c.daemons.representatives()}
}

// Sample is the pod of a DaemonSet that the model holds, or nil (LIF-034).
func (c *Cluster) Sample(key types.NamespacedName) *corev1.Pod {
	c.mu.RLock()
	defer c.mu.RUnlock()
	if s := c.daemons.sets[c.daemons.byName[key]]; s != nil {
		return s.sample
	}
	return nil
}
