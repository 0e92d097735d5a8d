// SPDX-License-Identifier: Apache-2.0

package errortable_test

import (
	"fmt"
	"time"

	clocktesting "k8s.io/utils/clock/testing"

	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/cloudprovider/kit/errortable"
	"karpenter.sh/core/cloudprovider/kit/health"
)

// rows is the table of a cloud.
func rows() []errortable.Row {
	return append([]errortable.Row{
		{
			Name: "no-stock", When: errortable.Match{Code: "InsufficientInstanceCapacity"}, Class: cloudprovider.ClassInsufficientCapacity,
			Marks: []errortable.Parts{errortable.Offering | errortable.Place}, TTL: 3 * time.Minute, Reason: "InsufficientInstanceCapacity",
		},
		{
			Name: "quota", When: errortable.Match{Code: "VcpuLimitExceeded"}, Class: cloudprovider.ClassInsufficientCapacity,
			Marks: []errortable.Parts{errortable.CapacityType | errortable.FamilyFrom}, TTL: 10 * time.Minute, Reason: "VCPULimitExceeded",
		},
		{
			Name: "image", When: errortable.Match{Code: "InvalidAMIID.NotFound"}, Class: cloudprovider.ClassCreateError,
			Reason: "AMINotFound", Message: "The image does not exist or may not be used",
		},
	}, errortable.ByStatus()...)
}

// A launch fails: the marks are made before the error is returned (CP-018).
func Example() {
	table, err := errortable.New(rows()...)
	if err != nil {
		fmt.Println(err)
		return
	}
	record := health.New(health.Options{Clock: clocktesting.NewFakePassiveClock(time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC))})
	attempt := health.Offering{CapacityType: "on-demand", InstanceType: "m5.24xlarge", Family: "m5", VCPUs: 96, Zone: "a"}

	fail := func(f errortable.Failure) error {
		verdict := table.Classify(f, attempt)
		for _, mark := range verdict.Marks {
			if err := record.Mark(mark); err != nil {
				return err
			}
		}
		return verdict.Err
	}
	err = fail(errortable.Failure{Code: "VcpuLimitExceeded", Message: "96 vCPUs are over the limit of 64"})
	fmt.Println(cloudprovider.IsInsufficientCapacityError(err), err)
	for _, e := range record.Snapshot().Entries() {
		fmt.Println(e.Reason, e.Scope)
	}
	err = fail(errortable.Failure{HTTPStatus: 503, Message: "try again"})
	fmt.Println(cloudprovider.IsInsufficientCapacityError(err), err)
	// Output:
	// true insufficient capacity, VcpuLimitExceeded: 96 vCPUs are over the limit of 64
	// VCPULimitExceeded capacityType=on-demand family=m5 minVCPUs=96
	// false try again
}
