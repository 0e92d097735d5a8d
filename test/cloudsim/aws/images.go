// SPDX-License-Identifier: Apache-2.0

package aws

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"karpenter.sh/test/cloudsim/control"
	"karpenter.sh/test/cloudsim/wire"
)

// imageTime is the form of times of images, which are texts.
const imageTime = "2006-01-02T15:04:05.000Z"

func describeImages(r *request) (wire.Tree, error) {
	id := func(i Image) string { return i.ID }
	all := slices.SortedFunc(maps.Values(r.images), func(a, b Image) int { return compare(a.ID, b.ID) })
	items, err := byIDs(all, r.in.Strs("ImageIds"), id, "InvalidAMIID.NotFound", "image")
	if err != nil {
		return nil, err
	}
	items = slices.DeleteFunc(slices.Clone(items), func(i Image) bool {
		return !r.owned(i, r.in.Strs("Owners")) || r.hiddenByAge(i)
	})
	items, err = selectBy(items, r.in.Trees("Filters"), attributes[Image]{
		values: map[string]func(Image) []string{
			"image-id":            one(id),
			"name":                one(func(i Image) string { return i.Name }),
			"architecture":        one(func(i Image) string { return i.Arch }),
			"state":               one(func(Image) string { return "available" }),
			"owner-id":            one(r.ownerID),
			"owner-alias":         one(alias),
			"virtualization-type": one(func(Image) string { return "hvm" }),
			"is-public":           one(func(i Image) string { return boolText(i.Owner == amazon) }),
		},
		tags: func(i Image) map[string]string { return i.Tags },
	})
	if err != nil {
		return nil, err
	}
	out := wire.Tree{}
	items, err = cut(r, items, id, ec2Paging(), out)
	var list []wire.Tree
	for _, i := range items {
		list = append(list, r.imageTree(i))
	}
	out["Images"] = list
	return out, err
}

// Volumes of images: the device of the root, and the size of each in GiB.
const (
	rootDevice  = "/dev/xvda"
	imageVolume = 20
)

const (
	amazon        = "amazon"
	amazonAccount = "602401143452"
)

func alias(i Image) string {
	if i.Owner == amazon {
		return amazon
	}
	return ""
}

func (c *Cloud) ownerID(i Image) string {
	switch i.Owner {
	case amazon:
		return amazonAccount
	case "":
		return c.options.Setup.Account
	}
	return i.Owner
}

// owned reports whether one of the owners, of which there may be none, owns the image.
func (c *Cloud) owned(i Image, owners []string) bool {
	if len(owners) == 0 {
		return true
	}
	for _, owner := range owners {
		if owner == "self" {
			owner = c.options.Setup.Account
		}
		if owner == c.ownerID(i) || owner == i.Owner {
			return true
		}
	}
	return false
}

// hiddenByAge: deprecated images of others are shown only when asked for.
func (r *request) hiddenByAge(i Image) bool {
	return i.Deprecated != nil && i.Deprecated.Before(r.now) && !r.in.Bool("IncludeDeprecated") &&
		len(r.in.Strs("ImageIds")) == 0 && r.ownerID(i) != r.options.Setup.Account
}

func (c *Cloud) imageTree(i Image) wire.Tree {
	out := wire.Tree{
		"ImageId": i.ID, "Name": i.Name, "Architecture": i.Arch, "State": "available", "OwnerId": c.ownerID(i),
		"CreationDate": i.Created.UTC().Format(imageTime), "VirtualizationType": "hvm", "Hypervisor": "xen",
		"ImageType": "machine", "Public": i.Owner == amazon, "RootDeviceType": "ebs", "RootDeviceName": rootDevice,
		"EnaSupport": true, "Tags": tagTrees(i.Tags), "PlatformDetails": "Linux/UNIX",
		"BlockDeviceMappings": []wire.Tree{{
			"DeviceName": rootDevice, "Ebs": wire.Tree{"VolumeSize": imageVolume, "VolumeType": "gp3", "DeleteOnTermination": true, "Encrypted": false},
		}},
	}
	if alias := alias(i); alias != "" {
		out["ImageOwnerAlias"] = alias
	}
	if i.Deprecated != nil {
		out["DeprecationTime"] = i.Deprecated.UTC().Format(imageTime)
	}
	return out
}

// PutImage adds or replaces an image.
func (c *Cloud) PutImage(i Image) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.images[i.ID] = i
}

// DeprecateImage implements control.ImageDeprecator.
func (c *Cloud) DeprecateImage(id string, in time.Duration) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	i, ok := c.images[id]
	if !ok {
		return fmt.Errorf("image %s: %w", id, control.ErrNotFound)
	}
	at := c.clock.Now().Add(in)
	i.Deprecated = &at
	c.images[id] = i
	return nil
}
