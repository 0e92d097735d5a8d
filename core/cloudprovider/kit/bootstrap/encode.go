// SPDX-License-Identifier: Apache-2.0

package bootstrap

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"fmt"
)

// Base64 encodes boot data as most clouds want them.
func Base64(data []byte) string { return base64.StdEncoding.EncodeToString(data) }

// Gzip packs boot data. Equal data give equal bytes: there is no time in them.
func Gzip(data []byte) ([]byte, error) {
	var out bytes.Buffer
	writer, err := gzip.NewWriterLevel(&out, gzip.BestCompression)
	if err != nil {
		return nil, fmt.Errorf("packing boot data: %w", err)
	}
	if _, err := writer.Write(data); err != nil {
		return nil, fmt.Errorf("packing boot data: %w", err)
	}
	if err := writer.Close(); err != nil {
		return nil, fmt.Errorf("packing boot data: %w", err)
	}
	return out.Bytes(), nil
}

// Limit is how large boot data may be.
type Limit struct {
	// Name says whose limit it is and of what, as "EC2 user data before base64".
	Name string
	// Bytes that are admitted.
	Bytes int
}

// TooLargeError says that boot data are larger than a limit.
type TooLargeError struct {
	Limit Limit
	// Bytes they have.
	Bytes int
}

// Error names both sizes in bytes, and what the limit is for.
func (e *TooLargeError) Error() string {
	return fmt.Sprintf("boot data have %d bytes, more than the %d of the limit for %s", e.Bytes, e.Limit.Bytes, e.Limit.Name)
}

// Check returns a TooLargeError for data beyond the limit.
func (l Limit) Check(data []byte) error {
	if len(data) > l.Bytes {
		return &TooLargeError{Limit: l, Bytes: len(data)}
	}
	return nil
}
