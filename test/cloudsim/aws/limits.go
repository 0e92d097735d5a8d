// SPDX-License-Identifier: Apache-2.0

package aws

import (
	"net/http"
	"strconv"
	"strings"

	"karpenter.sh/test/cloudsim/limit"
	"karpenter.sh/test/cloudsim/wire"
)

func itoa(n int) string { return strconv.Itoa(n) }

// documentedRates are the buckets that EC2 documents for its categories of calls and
// for single ones, and one for each service whose figures are quotas of the account.
func documentedRates(calls []string) map[string]limit.Rate {
	rates := map[string]limit.Rate{
		"ec2:CreateTags":      {Burst: 100, Refill: 10},
		"ec2:RunInstances":    {Burst: 5, Refill: 2},
		"eks:DescribeCluster": {Burst: 100, Refill: 10},
		"ssm:GetParameter":    {Burst: 40, Refill: 40},
		"pricing:GetProducts": {Burst: 10, Refill: 10},

		"servicequotas:ListServiceQuotas": {Burst: 10, Refill: 10},
	}
	for _, call := range calls {
		name, ok := strings.CutPrefix(call, "ec2:")
		if _, known := rates[call]; known || !ok {
			continue
		}
		if strings.HasPrefix(name, "Describe") {
			rates[call] = limit.Rate{Burst: 100, Refill: 20} // non-mutating
			rates[call+unfiltered] = limit.Rate{Burst: 50, Refill: 10}
			continue
		}
		rates[call] = limit.Rate{Burst: 50, Refill: 5} // mutating
	}
	return rates
}

// unfiltered marks the bucket of a list without filter, IDs or page size.
const unfiltered = " unfiltered"

// throttle takes the call's token.
func (r *request) throttle() *wire.Error {
	bucket := r.call
	if strings.HasPrefix(r.call, "ec2:Describe") && len(r.in) == 0 {
		bucket += unfiltered
	}
	if r.limits.Allow(bucket, 1, r.now) {
		return nil
	}
	if strings.HasPrefix(r.call, "ec2:") {
		return &wire.Error{Code: "RequestLimitExceeded", Message: "Request limit exceeded.", Status: http.StatusServiceUnavailable}
	}
	return wire.Errorf("ThrottlingException", "Rate exceeded")
}
