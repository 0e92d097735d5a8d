// SPDX-License-Identifier: Apache-2.0

package aws

import (
	"strings"

	"karpenter.sh/test/cloudsim/wire"
)

// Quotas of the account, in vCPUs of running machines. They are of the types of the
// families A, C, D, H, I, M, R, T and Z; those of another group have its name appended:
// "spot-vcpus/g-vt".
const (
	// QuotaOnDemand bounds machines that are not spot.
	QuotaOnDemand = "on-demand-vcpus"
	// QuotaSpot bounds spot machines.
	QuotaSpot = "spot-vcpus"
)

// vcpuQuota is a quota as Service Quotas tells it.
type vcpuQuota struct{ name, code, title string }

// vcpuQuotas are those of the groups of families that there are types of.
func vcpuQuotas() []vcpuQuota {
	return []vcpuQuota{
		{QuotaOnDemand, "L-1216C47A", "Running On-Demand Standard (A, C, D, H, I, M, R, T, Z) instances"},
		{QuotaOnDemand + "/inf", "L-1945791B", "Running On-Demand Inf instances"},
		{QuotaSpot, "L-34B43A08", "All Standard (A, C, D, H, I, M, R, T, Z) Spot Instance Requests"},
		{QuotaSpot + "/g-vt", "L-3819A6DF", "All G and VT Spot Instance Requests"},
		{QuotaOnDemand + "/p", "L-417A185B", "Running On-Demand P instances"},
		{QuotaSpot + "/p", "L-7212CCBC", "All P4, P3 and P2 Spot Instance Requests"},
		{QuotaSpot + "/inf", "L-B5D1601B", "All Inf Spot Instance Requests"},
		{QuotaOnDemand + "/g-vt", "L-DB2E81BA", "Running On-Demand G and VT instances"},
	}
}

// unlimited is what is told of a quota that was not set.
const unlimited = 1_000_000

// listServiceQuotas also tells of a quota that is not in vCPUs, as the service does.
func listServiceQuotas(r *request) (wire.Tree, error) {
	if code := r.in.Str("ServiceCode"); code != "ec2" {
		return nil, &wire.Error{Code: "NoSuchResourceException", Message: "The request failed because the specified service does not exist."}
	}
	quotas := append([]vcpuQuota{{"elastic-ips", "L-0263D0A3", "EC2-VPC Elastic IPs"}}, vcpuQuotas()...)
	out := wire.Tree{}
	page, err := cut(r, quotas, func(q vcpuQuota) string { return q.code }, paging{limit: "MaxResults", token: "NextToken", most: 100}, out)
	list := []wire.Tree{}
	for _, q := range page {
		limit, set := r.quotas.Limit(q.name)
		if !set {
			limit = unlimited
		}
		list = append(list, wire.Tree{
			"ServiceCode": "ec2", "ServiceName": "Amazon Elastic Compute Cloud (Amazon EC2)",
			"QuotaArn":  "arn:aws:servicequotas:" + r.options.Setup.Region + ":" + r.options.Setup.Account + ":ec2/" + q.code,
			"QuotaCode": q.code, "QuotaName": q.title, "Value": float64(limit), "Unit": "None", "Adjustable": true, "GlobalQuota": false,
		})
	}
	out["Quotas"] = list
	return out, err
}

// quota is the one that an instance counts on.
func (i *instance) quota() string {
	quota := QuotaOnDemand
	if i.pool.Capacity == spot {
		quota = QuotaSpot
	}
	return quota + i.kind.quotaGroup()
}

// quotaGroup is what a type's group of families appends to the name of a quota.
func (t *machineType) quotaGroup() string {
	digit := strings.IndexFunc(t.family, func(r rune) bool { return r >= '0' && r <= '9' })
	switch category := t.family[:max(digit, 0)]; category {
	case "p", "inf":
		return "/" + category
	case "g", "gr", "vt":
		return "/g-vt"
	}
	return ""
}

// countReservation counts what the account has reserved, used or not. Machines in it
// count no more.
func (c *Cloud) countReservation(v Reservation) {
	if kind := c.types.byName[v.Type]; v.Kind != capacityBlock && (v.Owner == "" || v.Owner == c.options.Setup.Account) {
		c.quotas.Take(QuotaOnDemand+kind.quotaGroup(), v.Count*kind.vcpus) // nothing is limited yet
	}
}

func (c *Cloud) takeQuota(i *instance) *wire.Error {
	if i.reserve != nil || c.quotas.Take(i.quota(), i.kind.vcpus) {
		return nil
	}
	if i.pool.Capacity == spot {
		return wire.Errorf("MaxSpotInstanceCountExceeded", "Max spot instance count exceeded")
	}
	return wire.Errorf("VcpuLimitExceeded",
		"You have requested more vCPU capacity than your current vCPU limit allows for the instance bucket that the specified instance type belongs to.")
}

func (c *Cloud) giveQuota(i *instance) {
	if i.reserve == nil {
		c.quotas.Give(i.quota(), i.kind.vcpus)
	}
}
