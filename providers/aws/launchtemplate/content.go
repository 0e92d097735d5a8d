// SPDX-License-Identifier: Apache-2.0

package launchtemplate

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"strconv"

	v1 "karpenter.sh/providers/aws/apis/v1"
)

// Prefix begins the name of each template.
const Prefix = "karpenter.k8s.aws/"

// Content is all that a template says (AWS-260, AWS-263). Values are compared by
// [Content.Name]; do not change one that is in use.
type Content struct {
	ImageID         string
	InstanceProfile string
	// UserData in base64.
	UserData           string
	DetailedMonitoring bool
	Metadata           v1.MetadataOptions
	// BlockDevices are the mappings; none leaves them to the image.
	BlockDevices []*v1.BlockDeviceMapping
	// NestedVirtualization is enabled, disabled, or empty: not set.
	NestedVirtualization string
	// Enclaves enables Nitro Enclaves (AWS-211).
	Enclaves   bool
	Placement  Placement
	Interfaces []Interface
	Market     Market
	// Tags of the template, of interfaces and, for spot, of the request (AWS-124).
	Tags map[string]string
}

// Placement is where and next to whom machines run.
type Placement struct {
	Tenancy   string
	GroupID   string
	Partition int32
}

// Market is how machines are bought.
type Market struct {
	Spot bool
	// Preference is the capacity reservation preference; empty: not set (AWS-264).
	Preference string
	// ReservationID is the reservation that machines are launched into.
	ReservationID string
	// Type is the market type of special reservations; else empty.
	Type string
}

// Interface is a network interface of each machine (AWS-266). The pointers are not
// set where the default of the subnet or of EC2 holds.
type Interface struct {
	Card, Device int32
	// Type is efa, efa-only, or empty for a plain one.
	Type           string
	SecurityGroups []string
	PublicIP       *bool
	Tracking       *v1.ConnectionTracking
	IPv4Prefixes   *int32
	IPv6Prefixes   *int32
	IPv6Addresses  *int32
	PrimaryIPv6    *bool
}

// Name is that of the template: a function of the content only.
func (c Content) Name() (string, error) {
	text, err := json.Marshal(c) // maps in the order of their keys
	if err != nil {
		return "", fmt.Errorf("naming a launch template: %w", err)
	}
	sum := sha256.Sum256(text)
	return Prefix + strconv.FormatUint(binary.BigEndian.Uint64(sum[:8]), 10), nil
}
