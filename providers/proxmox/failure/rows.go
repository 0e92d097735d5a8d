// SPDX-License-Identifier: Apache-2.0

package failure

import (
	"errors"
	"time"

	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/cloudprovider/kit/errortable"
	"karpenter.sh/core/cloudprovider/kit/health"
	"karpenter.sh/providers/proxmox/capacity"
	"karpenter.sh/providers/proxmox/instancetype"
	"karpenter.sh/providers/proxmox/launch"
	"karpenter.sh/providers/proxmox/network"
	"karpenter.sh/providers/proxmox/pve"
)

// How long offerings are avoided.
const (
	// TTL is that of capacity and storage.
	TTL = 3 * time.Minute
	// AddressTTL is that of addresses, which come back sooner.
	AddressTTL = 30 * time.Second
)

// Codes of failures that no API reports.
const (
	codeNoRoom     = "NoRoom"
	codeNoAddress  = "NoAddress"
	codeNoID       = "NoID"
	codeNoTemplate = "NoTemplate"
	codeNoAnswer   = "NoAnswer"
)

// What a mark covers: one type on a host, what puts its disks on the same storage there, or
// all of a host.
const (
	typeOnHost = errortable.InstanceType | errortable.Zone
	storage    = errortable.Place | errortable.Zone
	host       = errortable.Zone
)

// Rows are what failures of launches mean; the first that matches decides.
func Rows() []errortable.Row {
	capacityRow := func(name string, when errortable.Match, marks errortable.Parts, ttl time.Duration, reason string) errortable.Row {
		return errortable.Row{
			Name: name, When: when, Class: cloudprovider.ClassInsufficientCapacity, Marks: []errortable.Parts{marks}, TTL: ttl, Reason: reason,
		}
	}
	plain := func(name string, when errortable.Match, reason string) errortable.Row {
		return errortable.Row{Name: name, When: when, Class: cloudprovider.ClassOther, Reason: reason}
	}
	create := func(name string, when errortable.Match, reason string) errortable.Row {
		return errortable.Row{Name: name, When: when, Class: cloudprovider.ClassCreateError, Reason: reason}
	}
	text := func(texts ...string) errortable.Match { return errortable.Match{Texts: texts} }
	const storageFull, storageGone = "StorageFull", "StorageUnavailable"
	return []errortable.Row{
		capacityRow("no-room", errortable.Match{Code: codeNoRoom}, typeOnHost, TTL, "InsufficientHostCapacity"),
		capacityRow("no-memory", text("cannot allocate memory"), typeOnHost, TTL, "InsufficientHostCapacity"),
		capacityRow("no-address", errortable.Match{Code: codeNoAddress}, host, AddressTTL, "NoFreeAddress"),
		capacityRow("no-id", errortable.Match{Code: codeNoID}, typeOnHost, TTL, "NoFreeID"),
		capacityRow("storage-full", text("no space left"), storage, TTL, storageFull),
		capacityRow("storage-full-lvm", text("insufficient free space"), storage, TTL, storageFull),
		capacityRow("storage-full-zfs", text("out of space"), storage, TTL, storageFull),
		capacityRow("storage-elsewhere", text("storage '", "is not available on node"), storage, TTL, storageGone),
		capacityRow("storage-disabled", text("storage '", "is disabled"), storage, TTL, storageGone),
		capacityRow("storage-missing", text("storage '", "' does not exist"), storage, TTL, storageGone),
		capacityRow("no-media", text("no storage with content iso"), host, TTL, storageGone),
		capacityRow("template-unknown", errortable.Match{Code: codeNoTemplate}, typeOnHost, TTL, "TemplateMissing"),
		capacityRow("template-missing", text("configuration file", "does not exist"), typeOnHost, TTL, "TemplateMissing"),
		capacityRow("template-elsewhere", text("can't clone vm to node"), typeOnHost, TTL, "TemplateMissing"),
		create("unauthorized", errortable.Match{Status: 401}, "ProxmoxUnauthorized"),
		create("forbidden", errortable.Match{Status: 403}, "ProxmoxUnauthorized"),
		create("no-pool", text("pool '", "' does not exist"), "ResourcePoolNotFound"),
		create("no-group", text("no security group"), "SecurityGroupNotFound"),
		create("no-boot-disk", text(bootDiskText), "TemplateInvalid"),
		create("no-device", text(deviceText), "TemplateInvalid"),
		plain("busy", text("can't lock file", "got timeout"), "MachineLocked"),
		plain("no-answer", errortable.Match{Code: codeNoAnswer}, "HostUnreachable"),
		create("parameter", errortable.Match{Status: 400}, "InvalidParameter"),
		plain("server", errortable.Match{Status: 500, StatusTo: 599}, "InternalError"),
	}
}

// The texts of errors about templates that cannot be launched from.
const (
	bootDiskText = "it has no boot disk"
	deviceText   = "it has no network device"
)

// New is the table of Rows.
func New() (*errortable.Table, error) { return errortable.New(Rows()...) }

// Of is a failed launch as the table reads it.
func Of(err error) errortable.Failure {
	f := errortable.FailureOf(err)
	var lacks *capacity.NoRoomError
	switch {
	case errors.As(err, &lacks):
		f.Code, f.Message = codeNoRoom, lacks.Error()
	case errors.Is(err, network.ErrFull):
		f.Code = codeNoAddress
	case errors.Is(err, launch.ErrNoID):
		f.Code = codeNoID
	case errors.Is(err, launch.ErrNoTemplate):
		f.Code = codeNoTemplate
	case Silence(err) && f.HTTPStatus == 0:
		f.Code = codeNoAnswer
	}
	return f
}

// Silence reports whether a host or a region did not answer: what is known of it may no
// longer hold.
func Silence(err error) bool {
	return pve.IsUnreachable(err) && (errortable.FailureOf(err).HTTPStatus != 0 || isCall(err))
}

// isCall reports whether an error is that of a connection, and not of our own.
func isCall(err error) bool {
	var timeout interface{ Timeout() bool }
	return errors.As(err, &timeout) || errors.Is(err, pve.ErrTaskTimeout)
}

// Attempt is a launch of a type on a host as marks are about it. Hosts of one name in two
// regions are two; disks names where the disks go, the same for all that share a storage.
func Attempt(s instancetype.Shape, zone instancetype.Zone, disks string) health.Offering {
	return health.Offering{
		CapacityType: s.CapacityType, InstanceType: s.Name, Family: s.Family(), VCPUs: int64(s.VCPUs()), Zone: zone.Region + "/" + zone.Host,
		Places: []string{disks},
	}
}
