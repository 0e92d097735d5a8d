// SPDX-License-Identifier: Apache-2.0

package userdata_test

import (
	"encoding/base64"
	"strings"
	"testing"

	v1 "karpenter.sh/providers/aws/apis/v1"
	"karpenter.sh/providers/aws/userdata"
)

// AWS-170, AWS-205
func TestDefaultBlockDevices(t *testing.T) {
	for family, want := range map[string]struct{ devices, data string }{
		v1.AMIFamilyAL2:          {"/dev/xvda 20Gi", "/dev/xvda"},
		v1.AMIFamilyAL2023:       {"/dev/xvda 20Gi", "/dev/xvda"},
		v1.AMIFamilyBottlerocket: {"/dev/xvda 4Gi, /dev/xvdb 20Gi", "/dev/xvdb"},
		v1.AMIFamilyWindows2019:  {"/dev/sda1 50Gi", "/dev/sda1"},
		v1.AMIFamilyWindows2022:  {"/dev/sda1 50Gi", "/dev/sda1"},
		v1.AMIFamilyWindows2025:  {"/dev/sda1 50Gi", "/dev/sda1"},
		v1.AMIFamilyCustom:       {"", ""},
	} {
		var texts []string
		for _, d := range userdata.DefaultBlockDevices(family) {
			if !*d.EBS.Encrypted || *d.EBS.VolumeType != "gp3" || d.RootVolume {
				t.Errorf("AWS-170 %s: %+v", family, d)
			}
			texts = append(texts, *d.DeviceName+" "+d.EBS.VolumeSize.String())
		}
		if got := strings.Join(texts, ", "); got != want.devices || userdata.DataDevice(family) != want.data {
			t.Errorf("AWS-170 %s: %s, data on %s", family, got, userdata.DataDevice(family))
		}
	}
}

// AWS-169
func TestSize(t *testing.T) {
	for _, tc := range []struct {
		bytes int
		warn  bool
	}{{0, false}, {14_744, false}, {14_745, true}, {16_384, true}, {20_000, true}} {
		text := base64.StdEncoding.EncodeToString(make([]byte, tc.bytes))
		if bytes, warn := userdata.Size(text); bytes != tc.bytes || warn != tc.warn {
			t.Errorf("AWS-169: %d bytes are %d, %t", tc.bytes, bytes, warn)
		}
	}
	if userdata.LimitBytes != 16_384 || userdata.WarnBytes != 14_745 {
		t.Error("AWS-169: the sizes are others")
	}
}
