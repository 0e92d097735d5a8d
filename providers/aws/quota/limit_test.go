// SPDX-License-Identifier: Apache-2.0

package quota

import "testing"

// AWS-449: quotas are known by the text of their names.
func TestNames(t *testing.T) {
	for _, tc := range []struct{ name, want string }{
		{"Running On-Demand Standard (A, C, D, H, I, M, R, T, Z) instances", "standard on-demand vCPUs"},
		{"Running On-Demand G and VT instances", "g-vt on-demand vCPUs"},
		{"Running On-Demand P instances", "p on-demand vCPUs"},
		{"Running On-Demand Inf instances", "inf on-demand vCPUs"},
		{"Running On-Demand HPC instances", "hpc on-demand vCPUs"},
		{"Running On-Demand High Memory instances", "u on-demand vCPUs"},
		{"All Standard (A, C, D, H, I, M, R, T, Z) Spot Instance Requests", "standard spot vCPUs"},
		{"All G and VT Spot Instance Requests", "g-vt spot vCPUs"},
		{"All Trn Spot Instance Requests", "trn spot vCPUs"},
		{"Running On-Demand Y instances", "y on-demand vCPUs"},
		{"All P4, P3 and P2 Spot Instance Requests", ""},
		{"Running On-Demand P and Q instances", ""},
		{"Running Dedicated m5 Hosts", ""},
		{"EC2-VPC Elastic IPs", ""},
		{"", ""},
	} {
		got, ok := limitOf(tc.name)
		if ok != (tc.want != "") || ok && got != tc.want {
			t.Errorf("%q is %q, %t", tc.name, got, ok)
		}
	}
}

// AWS-441, AWS-449: types find the limit of their group.
func TestLimitOfAType(t *testing.T) {
	for kind, want := range map[string]string{
		"m5.large": "standard spot vCPUs", "im4gn.large": "standard spot vCPUs", "g5.xlarge": "g-vt spot vCPUs", "gr6.4xlarge": "g-vt spot vCPUs",
		"vt1.3xlarge": "g-vt spot vCPUs", "u7i-12tb.224xlarge": "u spot vCPUs", "hpc7g.4xlarge": "hpc spot vCPUs", "x2gd.medium": "x spot vCPUs",
	} {
		if got := Limit("spot", kind); got != want {
			t.Errorf("%s counts on %q", kind, got)
		}
	}
	if d := Draws("reserved", "m5.large", 2); d != nil {
		t.Errorf("reserved machines draw %v", d)
	}
}
