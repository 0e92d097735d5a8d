// SPDX-License-Identifier: Apache-2.0

package v1

import (
	"fmt"
	"slices"
	"strings"
)

// The families of images: how their user data are written and what their volumes
// are by default.
const (
	AMIFamilyAL2          = "AL2"
	AMIFamilyAL2023       = "AL2023"
	AMIFamilyBottlerocket = "Bottlerocket"
	AMIFamilyCustom       = "Custom"
	AMIFamilyWindows2019  = "Windows2019"
	AMIFamilyWindows2022  = "Windows2022"
	AMIFamilyWindows2025  = "Windows2025"
)

// Alias is a name for the newest image, or a certain version, of a family.
type Alias struct {
	// Family is one of the AMIFamily constants.
	Family string
	// Version is "latest" or a version as the family writes it.
	Version string
}

// ParseAlias reads an alias such as al2023@latest.
func ParseAlias(text string) (Alias, error) {
	name, version, found := strings.Cut(text, "@")
	if !found || version == "" {
		return Alias{}, fmt.Errorf("alias %q: want family@version", text)
	}
	families := []string{AMIFamilyAL2, AMIFamilyAL2023, AMIFamilyBottlerocket, AMIFamilyWindows2019, AMIFamilyWindows2022, AMIFamilyWindows2025}
	i := slices.IndexFunc(families, func(family string) bool { return strings.EqualFold(family, name) })
	if i < 0 {
		return Alias{}, fmt.Errorf("alias %q: family %q is none of %s", text, name, strings.ToLower(strings.Join(families, ", ")))
	}
	return Alias{Family: families[i], Version: version}, nil
}

// Alias returns the alias of the image terms; false if they have none.
func (c *EC2NodeClass) Alias() (Alias, bool, error) {
	for _, term := range c.Spec.AMISelectorTerms {
		if term.Alias != "" {
			alias, err := ParseAlias(term.Alias)
			return alias, true, err
		}
	}
	return Alias{}, false, nil
}

// Family is the resolved family: amiFamily, else the alias's (AWS-014). The error
// is that of an alias that admission would have refused.
func (c *EC2NodeClass) Family() (string, error) {
	if family := c.Spec.AMIFamily; family != nil && *family != "" {
		return *family, nil
	}
	alias, found, err := c.Alias()
	switch {
	case err != nil:
		return "", err
	case !found:
		return "", fmt.Errorf("spec.amiFamily is required without an alias")
	}
	return alias.Family, nil
}

// IsWindows reports whether a family is one of Windows.
func IsWindows(family string) bool { return strings.HasPrefix(family, "Windows") }
