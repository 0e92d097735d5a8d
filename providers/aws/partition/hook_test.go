// SPDX-License-Identifier: Apache-2.0

package partition_test

import (
	"context"
	"errors"
	"testing"

	v1 "karpenter.sh/core/apis/v1"
	awsv1 "karpenter.sh/providers/aws/apis/v1"
	"karpenter.sh/providers/aws/partition"
)

var errDown = errors.New("EC2 is down")

// instance is in a partition, or cannot be described.
type instance struct {
	number int32
	err    error
	asked  []string
}

func (i *instance) Partition(_ context.Context, id string) (int32, error) {
	i.asked = append(i.asked, id)
	return i.number, i.err
}

// AWS-363
func TestRegistered(t *testing.T) {
	const key, unset = awsv1.LabelPlacementGroupPartition, "-"
	for _, tc := range []struct {
		reason, label, providerID string
		number                    int32
		down                      error
		passed, fails             bool
		want                      string
		asked                     int
	}{
		{"no partitions", unset, "aws:///z/i-1", 3, nil, true, false, unset, 0},
		{"it was asked for", "2", "aws:///z/i-1", 3, nil, true, false, "2", 0},
		{"EC2 chose it", "", "aws:///z/i-1", 3, nil, true, false, "3", 1},
		{"not launched yet", "", "", 3, nil, false, false, "", 0},
		{"EC2 does not say yet", "", "aws:///z/i-1", 0, nil, false, false, "", 1},
		{"EC2 says nonsense", "", "aws:///z/i-1", -1, nil, false, false, "", 1},
		{"EC2 is down", "", "aws:///z/i-1", 3, errDown, false, true, "", 1},
		{"a provider ID that nobody can read", "", "i-1", 3, nil, false, true, "", 0},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			c := &v1.NodeClaim{}
			c.Status.ProviderID = tc.providerID
			if tc.label != unset {
				c.Labels = map[string]string{key: tc.label}
			}
			i := &instance{number: tc.number, err: tc.down}
			result, err := partition.New(i).Registered(t.Context(), c)
			if result.Passed() != tc.passed || (err != nil) != tc.fails || tc.down != nil && !errors.Is(err, tc.down) {
				t.Errorf("got %+v, %v", result, err)
			}
			got, set := c.Labels[key]
			if !set {
				got = unset
			}
			if got != tc.want || len(i.asked) != tc.asked {
				t.Errorf("the label is %q, want %q; asked %v", got, tc.want, i.asked)
			}
		})
	}
}
