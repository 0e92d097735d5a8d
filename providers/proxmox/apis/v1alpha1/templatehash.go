// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import (
	"hash/fnv"
	"net/url"
	"path"
	"slices"
	"strconv"
	"strings"

	"karpenter.sh/core/cloudprovider/kit/nodeclass/statichash"
)

// TemplateHashVersion is the version of the hash of templates. It is that which others
// write: hashes are equal to theirs, bit for bit.
const TemplateHashVersion = "v1"

// SourceImage is the image of a boot disk.
type SourceImage struct {
	// URL is where the image is downloaded from, without a port.
	// +kubebuilder:validation:Pattern:=`^https?://[a-zA-Z0-9.-]+\.[a-zA-Z]{2,}(/\S*)?$`
	// +required
	URL string `json:"url"`
	// ImageName is what the image is called in the storage. Unset means the last part of
	// the URL.
	// +kubebuilder:validation:MinLength:=1
	// +kubebuilder:validation:MaxLength:=64
	// +optional
	ImageName string `json:"imageName,omitempty"`
	// Checksum is that of the image, in hexadecimal.
	// +kubebuilder:validation:MinLength:=32
	// +kubebuilder:validation:MaxLength:=128
	// +optional
	Checksum string `json:"checksum,omitempty"`
	// ChecksumType is the algorithm of the checksum.
	// +kubebuilder:validation:Enum:={md5,sha1,sha224,sha256,sha384,sha512}
	// +optional
	ChecksumType string `json:"checksumType,omitempty"`
}

// TPM is a trusted platform module.
type TPM struct {
	// Version is v1.2 or v2.0.
	// +kubebuilder:validation:Enum:={v1.2,v2.0}
	// +kubebuilder:default:=v2.0
	// +optional
	Version string `json:"version,omitempty"`
}

// hashFields are what the machines of a template are made from (PVE-026). Names, order
// and types are those that the hash of others has.
type hashFields struct {
	SourceImage *SourceImage
	StorageIDs  []string
	Bios        string
	TPM         *TPM
}

// Hash is the hash of what the machines of the template are made from, as their notes
// and annotations carry it (PVE-026). Region is compared by itself. It is empty if a part
// of the spec could not be read.
func (t *ProxmoxTemplate) Hash() (string, error) {
	if len(t.UnreadableSpec()) > 0 {
		return "", nil
	}
	sum, err := statichash.Of(hashFields{
		SourceImage: t.Spec.SourceImage, StorageIDs: t.Spec.StorageIDs, Bios: t.Spec.BIOS, TPM: t.Spec.TPM,
	})
	if err != nil {
		return "", err
	}
	return statichash.Decimal(sum), nil
}

// imports reports whether Proxmox imports disks of this format.
func imports(extension string) bool {
	return slices.Contains([]string{"qcow2", "raw", "vmdk"}, extension)
}

// defaultExtension stands in for formats that are not imported.
const defaultExtension = "qcow2"

// ImageID is what the image is called in a storage: its name, with the hash of its URL
// before the first dot (PVE-023).
func (i *SourceImage) ImageID() string {
	name := i.ImageName
	if name == "" {
		name = lastSegment(i.URL)
	}
	base, rest, _ := strings.Cut(name, ".")
	extension := rest[strings.LastIndex(rest, ".")+1:]
	if !imports(extension) {
		rest = strings.TrimSuffix(rest, extension) + defaultExtension
	}
	h := fnv.New64()
	_, _ = h.Write([]byte(i.URL)) // a hash takes everything
	return base + "-" + strconv.FormatUint(h.Sum64(), 10) + "." + rest
}

// lastSegment is the last part of a URL's path; the host's name if it has none.
func lastSegment(text string) string {
	parsed, err := url.Parse(text)
	if err != nil {
		return path.Base(text)
	}
	if name := path.Base(parsed.Path); name != "." && name != "/" {
		return name
	}
	return strings.ReplaceAll(parsed.Hostname(), ".", "-")
}
