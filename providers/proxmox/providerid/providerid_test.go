// SPDX-License-Identifier: Apache-2.0

package providerid_test

import (
	"errors"
	"testing"

	"karpenter.sh/providers/proxmox/providerid"
)

// PVE-003: only what the provider issued is read.
func TestParse(t *testing.T) {
	for text, want := range map[string]providerid.ID{
		"proxmox://r1/20000": {Region: "r1", Machine: 20000},
		"proxmox:///100":     {Machine: 100},
		"proxmox://8b4c2f0a-0d5f-4c51-9a5e-0000000090a0": {},
		"proxmox://r1/20000/1":                           {},
		"proxmox://r1/":                                  {},
		"proxmox://r1/x":                                 {},
		"proxmox://r1/-1":                                {},
		"proxmox://r1/+100":                              {},
		"proxmox://r1/0100":                              {},
		"proxmox://r1/0":                                 {},
		"proxmox://r1/99999999999999999999":              {},
		"kwok://node":                                    {},
		"":                                               {},
	} {
		got, err := providerid.Parse(text)
		if got != want || errors.Is(err, providerid.ErrForeign) != (want.Machine == 0) {
			t.Errorf("%s: got %+v, %v", text, got, err)
		}
		if err == nil && got.String() != text {
			t.Errorf("%s is written %s", text, got)
		}
	}
}
