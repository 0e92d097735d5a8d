// SPDX-License-Identifier: Apache-2.0

package making

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"karpenter.sh/core/reconcile/concurrency"
	"karpenter.sh/providers/proxmox/apis/v1alpha1"
	"karpenter.sh/providers/proxmox/pve"
)

// imageContent is the kind of content that disks are imported from.
const imageContent = "import"

// downloads is how many hosts of a region download at a time: they share a line.
const downloads = 4

// FetchImages downloads the image to the hosts of a region on which a machine is to be made,
// unless it is there. It takes as long as the downloads.
func (m *Maker) FetchImages(ctx context.Context, region string, o Order) error {
	s, err := m.look(ctx, region, m.recipe(o))
	if err != nil {
		return err
	}
	l := Lay(s.hosts, s.storages, o.Spec.StorageIDs)
	errs := concurrency.Each(l.Plan(s.found).Make, downloads, func(_ int, host string) error {
		return m.fetch(ctx, s, l, host, o.Spec.SourceImage)
	})
	return errors.Join(errs...)
}

func (m *Maker) fetch(ctx context.Context, s sight, l Layout, host string, source *v1alpha1.SourceImage) error {
	id := source.ImageID()
	at := l.at(s.region, host, id)
	release, err := m.images.take(ctx, at)
	if err != nil {
		return err
	}
	defer release()
	there, err := hasImage(ctx, s.client, host, l.Image, id)
	if err != nil || there {
		return err
	}
	err = s.client.Download(ctx, host, l.Image, pve.Download{
		URL: source.URL, Name: id, Checksum: source.Checksum, ChecksumType: source.ChecksumType,
	})
	m.images.note(at, err)
	if err != nil {
		return fmt.Errorf("downloading %s to storage %s of host %s of region %s: %w", source.URL, l.Image, host, s.region, err)
	}
	return nil
}

// at is the place of an image: storages that are shared have it once.
func (l Layout) at(region, host, image string) imagePlace {
	if l.ImageShared {
		host = ""
	}
	return imagePlace{region, host, l.Image, image}
}

func hasImage(ctx context.Context, c *pve.Client, host, storage, id string) (bool, error) {
	volumes, err := c.Content(ctx, host, storage, imageContent)
	if err != nil {
		return false, fmt.Errorf("listing the images of storage %s of host %s: %w", storage, host, err)
	}
	return slices.ContainsFunc(volumes, func(v pve.Volume) bool { return v.ID == volumeID(storage, id) }), nil
}

func volumeID(storage, image string) string { return storage + ":" + imageContent + "/" + image }

// ErrAway means that nobody could look into a storage.
var ErrAway = errors.New("the storage is not available")

// RemoveImages deletes images of these names from all storages of a region that hold some.
// Those that are not there are no error. ErrAway means that all went well but for storages
// that cannot be used now, and may have one.
func (m *Maker) RemoveImages(ctx context.Context, region string, ids []string) error {
	if len(ids) == 0 {
		return nil
	}
	c := m.Clients[region]
	if c == nil {
		return fmt.Errorf("region %q: %w", region, ErrNoRegion)
	}
	storages, err := c.Storages(ctx)
	if err != nil {
		return fmt.Errorf("listing the storages of region %s: %w", region, err)
	}
	var errs []error
	shared := map[string]bool{} // that were seen to
	for _, s := range storages {
		if !s.Holds(imageContent) || !s.Available() || shared[s.Name] {
			continue
		}
		shared[s.Name] = s.Shared == 1
		errs = append(errs, removeFrom(ctx, c, s, ids))
	}
	if err := errors.Join(errs...); err != nil {
		return err
	}
	for _, s := range storages {
		if s.Holds(imageContent) && !s.Available() && !shared[s.Name] {
			errs = append(errs, fmt.Errorf("looking for images on storage %s of host %s of region %s: %w", s.Name, s.Host, region, ErrAway))
		}
	}
	return errors.Join(errs...)
}

func removeFrom(ctx context.Context, c *pve.Client, s pve.Storage, ids []string) error {
	volumes, err := c.Content(ctx, s.Host, s.Name, imageContent)
	if err != nil {
		return fmt.Errorf("listing the images of storage %s of host %s: %w", s.Name, s.Host, err)
	}
	for _, v := range volumes {
		if !slices.ContainsFunc(ids, func(id string) bool { return v.ID == volumeID(s.Name, id) }) {
			continue
		}
		if err := c.DeleteVolume(ctx, s.Host, s.Name, v.ID); err != nil {
			return fmt.Errorf("deleting image %s of host %s: %w", v.ID, s.Host, err)
		}
	}
	return nil
}
