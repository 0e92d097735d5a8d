// SPDX-License-Identifier: Apache-2.0

package bootstrap_test

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"strings"
	"testing"

	"karpenter.sh/core/cloudprovider/kit/bootstrap"
)

// KIT-193.
func TestEncode(t *testing.T) {
	data := []byte(strings.Repeat("karpenter ", 1000))
	packed := must(bootstrap.Gzip(data))
	if again := must(bootstrap.Gzip(data)); !bytes.Equal(packed, again) {
		t.Error("the same data are packed in two ways")
	}
	if got := must(io.ReadAll(must(gzip.NewReader(bytes.NewReader(packed))))); !bytes.Equal(got, data) || len(packed) > 200 {
		t.Errorf("%d bytes packed to %d, and back to %d", len(data), len(packed), len(got))
	}
	if got := bootstrap.Base64([]byte("max")); got != "bWF4" {
		t.Error(got)
	}
}

// KIT-194.
func TestLimit(t *testing.T) {
	limit := bootstrap.Limit{Name: "EC2 user data before base64", Bytes: 16384}
	if err := limit.Check(make([]byte, 16384)); err != nil {
		t.Error(err)
	}
	err := limit.Check(make([]byte, 16385))
	var tooLarge *bootstrap.TooLargeError
	if !errors.As(err, &tooLarge) || tooLarge.Bytes != 16385 || tooLarge.Limit != limit {
		t.Fatal(err)
	}
	if want := "boot data have 16385 bytes, more than the 16384 of the limit for EC2 user data before base64"; err.Error() != want {
		t.Error(err)
	}
}
