// SPDX-License-Identifier: Apache-2.0

package aws

import (
	"time"

	"karpenter.sh/test/cloudsim/wire"
)

// check is the result of an instance's checks.
func (r *request) check(i *instance) string {
	if _, impaired := i.impairedSince(r.now); impaired {
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
	by.values["instance-status.status"] = one(r.check)
	by.values["instance-status.reachability"] = one(func(i *instance) string { return reachability(r.check(i)) })
	by.values["system-status.status"] = one(func(i *instance) string { return r.check(i) })
	by.values["system-status.reachability"] = by.values["instance-status.reachability"]
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
	status := r.check(i)
	detail := wire.Tree{"Name": "reachability", "Status": reachability(status)}
	if since, impaired := i.impairedSince(r.now); impaired {
		detail["ImpairedSince"] = since
	}
	summary := func() wire.Tree { return wire.Tree{"Status": status, "Details": []wire.Tree{detail}} }
	out := wire.Tree{
		"InstanceId": i.id, "AvailabilityZone": i.subnet.Zone, "InstanceState": stateTree(i.state(r.now)),
		"InstanceStatus": summary(), "SystemStatus": summary(),
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
