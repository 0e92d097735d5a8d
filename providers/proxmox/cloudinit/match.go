// SPDX-License-Identifier: Apache-2.0

package cloudinit

import (
	"fmt"
	"math/big"
	"net/netip"
	"regexp"

	"karpenter.sh/providers/proxmox/network"
)

func regexFind(pattern, text string) (string, error) {
	re, err := regexp.Compile(pattern)
	if err != nil {
		return "", fmt.Errorf("regexFind: %w", err)
	}
	return re.FindString(text), nil
}

// regexFindString is the submatch n; empty: there is none.
func regexFindString(pattern, text string, n int) (string, error) {
	re, err := regexp.Compile(pattern)
	if err != nil {
		return "", fmt.Errorf("regexFindString: %w", err)
	}
	if found := re.FindStringSubmatch(text); n >= 0 && n < len(found) {
		return found[n], nil
	}
	return "", nil
}

func regexReplaceAll(pattern, text, with string) (string, error) {
	re, err := regexp.Compile(pattern)
	if err != nil {
		return "", fmt.Errorf("regexReplaceAll: %w", err)
	}
	return re.ReplaceAllString(text, with), nil
}

// cidrHost is the address in a network, or with a number the one at that place of the
// network, from its end if the number is negative.
func cidrHost(cidr string, at ...int) (string, error) {
	prefix, err := netip.ParsePrefix(cidr)
	if err != nil {
		return "", fmt.Errorf("cidrhost: %w", err)
	}
	if len(at) == 0 {
		return prefix.Addr().String(), nil
	}
	size := new(big.Int).Lsh(big.NewInt(1), uint(prefix.Addr().BitLen()-prefix.Bits()))
	offset := big.NewInt(int64(at[0]))
	if offset.Sign() < 0 {
		offset.Add(offset, size)
	}
	if offset.Sign() < 0 || offset.Cmp(size) >= 0 {
		return "", fmt.Errorf("cidrhost: %s has no place %d", prefix, at[0])
	}
	first := new(big.Int).SetBytes(prefix.Masked().Addr().AsSlice())
	sum := first.Add(first, offset).FillBytes(make([]byte, prefix.Addr().BitLen()/8))
	found, _ := netip.AddrFromSlice(sum) // it has the length of an address
	return found.String(), nil
}

func cidrSLAAC(mac, cidr string) (string, error) {
	prefix, err := netip.ParsePrefix(cidr)
	if err != nil {
		return "", fmt.Errorf("cidrslaac: %w", err)
	}
	found, err := network.SLAAC(prefix, mac)
	if err != nil {
		return "", fmt.Errorf("cidrslaac: %w", err)
	}
	return found.String(), nil
}
