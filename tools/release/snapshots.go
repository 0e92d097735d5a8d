// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"
)

// stored is one version of a package in a registry, as its API tells of it.
type stored struct {
	ID      int64     `json:"id"`
	Created time.Time `json:"created_at"`
}

// readStored reads versions, one JSON object after the other.
func readStored(in io.Reader) (all []stored, err error) {
	for decoder := json.NewDecoder(in); ; {
		var s stored
		err := decoder.Decode(&s)
		if errors.Is(err, io.EOF) {
			return all, nil
		}
		if err != nil {
			return nil, fmt.Errorf("parsing versions of a package: %w", err)
		}
		if s.ID == 0 || s.Created.IsZero() {
			return nil, fmt.Errorf("version %d of a package has no ID or no time", len(all)+1)
		}
		all = append(all, s)
	}
}

// expired are the versions to delete: those made before a moment (OPS-259), but never the
// latest, which a registry gives up only with the whole package.
func expired(all []stored, before time.Time) (out []stored) {
	latest := time.Time{}
	for _, s := range all {
		if s.Created.After(latest) {
			latest = s.Created
		}
	}
	for _, s := range all {
		if s.Created.Before(before) && s.Created.Before(latest) {
			out = append(out, s)
		}
	}
	return out
}
