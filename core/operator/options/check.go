// SPDX-License-Identifier: Apache-2.0

package options

import (
	"errors"
	"net/url"
)

// AbsoluteURL checks a setting that is empty or an absolute URL with a host.
func AbsoluteURL(text string) error {
	if text == "" {
		return nil
	}
	if u, err := url.Parse(text); err != nil || !u.IsAbs() || u.Hostname() == "" {
		return errors.New("must be an absolute URL with a host, such as https://host")
	}
	return nil
}
