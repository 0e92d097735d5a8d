// SPDX-License-Identifier: Apache-2.0

package kubelet_test

import (
	"testing"

	"karpenter.sh/core/cloudprovider/kit/kubelet"
)

const (
	mi = int64(1) << 20
	gi = int64(1) << 30
)

// Formulas as clouds publish them.
func eksCPU() kubelet.Formula {
	return kubelet.Formula{Unit: 1, Rounding: kubelet.DownEachTier, Tiers: []kubelet.Tier{
		{UpTo: 1000, Share: 600}, {UpTo: 2000, Share: 100}, {UpTo: 4000, Share: 50}, {Share: 25},
	}}
}

func eksMemory() kubelet.Formula { return kubelet.Formula{Unit: mi, Fixed: 255, PerPod: 11} }

func gkeMemory() kubelet.Formula {
	return kubelet.Formula{
		Unit: mi, Rounding: kubelet.DownEachTier, Small: &kubelet.Small{UpTo: 1024, Reserved: 255},
		Tiers: []kubelet.Tier{{UpTo: 4096, Share: 2500}, {UpTo: 8192, Share: 2000}, {UpTo: 16384, Share: 1000}, {UpTo: 131072, Share: 600}, {Share: 200}},
	}
}

func gkeBootDisk() kubelet.Formula {
	return kubelet.Formula{
		Unit: gi, Rounding: kubelet.Nearest, Fixed: 6, Tiers: []kubelet.Tier{{Share: 3500}},
		AtMost: []kubelet.Bound{{Share: 5000}, {Units: 100}},
	}
}

func aksCPU() kubelet.Formula {
	return kubelet.Formula{Unit: 1, Tiers: []kubelet.Tier{
		{UpTo: 1000, Share: 600}, {UpTo: 2000, Share: 400}, {UpTo: 4000, Share: 200}, {Share: 100},
	}}
}

func aksMemory() kubelet.Formula {
	return kubelet.Formula{Unit: mi, Tiers: []kubelet.Tier{
		{UpTo: 4096, Share: 2500}, {UpTo: 8192, Share: 2000}, {UpTo: 16384, Share: 1000}, {UpTo: 131072, Share: 600}, {Share: 200},
	}}
}

func aksNewerMemory() kubelet.Formula {
	return kubelet.Formula{Unit: mi, Fixed: 50, PerPod: 20, AtMost: []kubelet.Bound{{Share: 2500}}}
}

func ackMemory() kubelet.Formula {
	return kubelet.Formula{Unit: mi, Fixed: 255, PerPod: 11, AtMost: []kubelet.Bound{{Share: 2500}}, Plus: 200}
}

// KIT-160, KIT-161: published values of published formulas.
func TestReserved(t *testing.T) {
	for name, tt := range map[string]struct {
		formula            kubelet.Formula
		amount, pods, want int64
	}{
		"EKS CPU, 1":              {eksCPU(), 1000, 0, 60},
		"EKS CPU, 2":              {eksCPU(), 2000, 0, 70},
		"EKS CPU, 4":              {eksCPU(), 4000, 0, 80},
		"EKS CPU, 8":              {eksCPU(), 8000, 0, 90},
		"EKS CPU, 16":             {eksCPU(), 16000, 0, 110},
		"EKS memory, 29 pods":     {eksMemory(), 8 * gi, 29, 574 * mi},
		"EKS memory, 110 pods":    {eksMemory(), 16 * gi, 110, 1465 * mi},
		"GKE memory, small":       {gkeMemory(), 1024 * mi, 0, 255 * mi},
		"GKE memory, above small": {gkeMemory(), 1025 * mi, 0, 256 * mi},
		"GKE memory, 4 GiB":       {gkeMemory(), 4096 * mi, 0, 1024 * mi},
		"GKE memory, 8 GiB":       {gkeMemory(), 8192 * mi, 0, 1843 * mi},
		"GKE memory, 16 GiB":      {gkeMemory(), 16384 * mi, 0, 2662 * mi},
		"GKE memory, 128 GiB":     {gkeMemory(), 131072 * mi, 0, 9543 * mi},
		"GKE memory, 200000 MiB":  {gkeMemory(), 200000 * mi, 0, 10921 * mi}, // each tier is cut off
		"GKE boot disk, 30 GiB":   {gkeBootDisk(), 30 * gi, 0, 15 * gi},
		"GKE boot disk, 100 GiB":  {gkeBootDisk(), 100 * gi, 0, 41 * gi},
		"GKE boot disk, 200 GiB":  {gkeBootDisk(), 200 * gi, 0, 76 * gi},
		"GKE boot disk, 500 GiB":  {gkeBootDisk(), 500 * gi, 0, 100 * gi},
		"GKE boot disk, 11 GiB":   {gkeBootDisk(), 11 * gi, 0, 6 * gi}, // half of it, rounded
		"AKS CPU, 2":              {aksCPU(), 2000, 0, 100},
		"AKS CPU, 3":              {aksCPU(), 3000, 0, 120},
		"AKS CPU, 4":              {aksCPU(), 4000, 0, 140},
		"AKS memory, 7 GiB":       {aksMemory(), 7 * gi, 0, 1638 * mi},
		"AKS memory, 8 GiB":       {aksMemory(), 8 * gi, 0, 1843 * mi},
		"AKS memory, 64 GiB":      {aksMemory(), 64 * gi, 0, 5611 * mi},
		"AKS memory, 200000 MiB":  {aksMemory(), 200000 * mi, 0, 10922 * mi}, // the sum is cut off
		"AKS newer, 30 pods":      {aksNewerMemory(), 8 * gi, 30, 650 * mi},
		"AKS newer, bounded":      {aksNewerMemory(), 8 * gi, 250, 2048 * mi},
		"ACK memory, 61 pods":     {ackMemory(), 16 * gi, 61, 1126 * mi},
		"ACK memory, bounded":     {ackMemory(), 1 * gi, 61, 456 * mi},
		"nothing":                 {kubelet.Formula{}, 16 * gi, 110, 0},
		"no overflow at 24 TiB":   {aksMemory(), 24 << 40, 0, 510238 * mi},
	} {
		t.Run(name, func(t *testing.T) {
			if got := tt.formula.Reserved(tt.amount, tt.pods); got != tt.want {
				t.Errorf("got %d, want %d", got, tt.want)
			}
		})
	}
}
