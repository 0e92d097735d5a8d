// SPDX-License-Identifier: Apache-2.0

package kubelet_test

import (
	"testing"

	"karpenter.sh/core/cloudprovider/kit/kubelet"
)

// KIT-165.
func TestThreshold(t *testing.T) {
	for text, want := range map[string]int64{ // of a capacity of 1001
		"0%": 0, "10%": 101, "5%": 51, "0.1%": 2, "99.9%": 1000, "100%": 0, "0.0%": 0, "050%": 501,
		"1": 1, "1Ki": 1024, "1500m": 2, "+1": 1,
	} {
		threshold, err := kubelet.ParseThreshold(text)
		if err != nil {
			t.Errorf("%q: %v", text, err)
			continue
		}
		if got := threshold.Of(1001); got != want {
			t.Errorf("%q of 1001 is %d, want %d", text, got, want)
		}
		if threshold.String() != text {
			t.Errorf("%q is written as %q", text, threshold)
		}
	}
	for _, text := range []string{"", "0", "0Mi", "100.0%", "0100%", "%", "101%", "-1%", "1e2%", "1/2%", "10 %", ".%", "1.2.3%", "-1", "-100Mi", "ten", "10%%", "00000000000000001%"} {
		if threshold, err := kubelet.ParseThreshold(text); err == nil {
			t.Errorf("%q is read as %v", text, threshold)
		}
	}
}

// KIT-165: whatever the text, it is an error or an amount that is not negative, and
// a share is never more than the whole.
func FuzzParseThreshold(f *testing.F) {
	for _, text := range []string{"10%", "100Mi", "1.5%", "-1", "1e1000", "1e9999999999", "0x1p-2%", "9223372036854775807"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		threshold, err := kubelet.ParseThreshold(text)
		if err != nil {
			return
		}
		const capacity = int64(1) << 44
		got := threshold.Of(capacity)
		if got < 0 || text[len(text)-1] == '%' && got > capacity {
			t.Errorf("%q of %d is %d", text, capacity, got)
		}
	})
}
