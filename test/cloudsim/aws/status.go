// SPDX-License-Identifier: Apache-2.0

package aws

import (
	"time"

	"karpenter.sh/test/cloudsim/wire"
)

// check is the result of a check of an instance.
func (r *request) check(i *instance, which string) string {
	if _, impaired := i.impairedSince(which, r.now); impaired {
		return "impaired"
	}
	if r.now.Before(i.running.Add(statusDelay)) {
		return "initializing"
	}
	return "ok"
}

// statusDelay is how long the first checks take.
const statusDelay = 2 * time.Minute

func describeInstanceStatus(r *request) (wire.Tree, error) {
	items, err := r.instancesByID(r.in.Strs("InstanceIds"))
	if err != nil {
		return nil, err
	}
	var running []*instance
	for _, i := range items {
		if r.in.Bool("IncludeAllInstances") || i.state(r.now) == stateRunning {
			running = append(running, i)
		}
	}
	by := attributes[*instance]{values: r.instanceAttributes().values}
	for _, which := range []string{CheckInstance, CheckSystem} {
		by.values[which+"-status.status"] = one(func(i *instance) string { return r.check(i, which) })
		by.values[which+"-status.reachability"] = one(func(i *instance) string { return reachability(r.check(i, which)) })
	}
	by.values["event.code"] = (*instance).eventCodes
	running, err = selectBy(running, r.in.Trees("Filters"), by)
	if err != nil {
		return nil, err
	}
	out := wire.Tree{}
	running, err = cut(r, running, func(i *instance) string { return i.id }, ec2Paging(), out)
	var list []wire.Tree
	for _, i := range running {
		list = append(list, r.statusTree(i))
	}
	out["InstanceStatuses"] = list
	return out, err
}

func (r *request) statusTree(i *instance) wire.Tree {
	summary := func(which string) wire.Tree {
		status := r.check(i, which)
		detail := wire.Tree{"Name": "reachability", "Status": reachability(status)}
		if since, impaired := i.impairedSince(which, r.now); impaired {
			detail["ImpairedSince"] = since
		}
		return wire.Tree{"Status": status, "Details": []wire.Tree{detail}}
	}
	out := wire.Tree{
		"InstanceId": i.id, "AvailabilityZone": i.subnet.Zone, "InstanceState": stateTree(i.state(r.now)),
		"InstanceStatus": summary(CheckInstance), "SystemStatus": summary(CheckSystem),
	}
	if len(i.events) > 0 {
		out["Events"] = i.eventTrees(r.now)
	}
	return out
}

func reachability(status string) string {
	switch status {
	case "impaired":
		return "failed"
	case "ok":
		return "passed"
	}
	return status
}
