// SPDX-License-Identifier: Apache-2.0

package instancetype

import (
	_ "embed"
	"encoding/json"
	"fmt"
)

// branchInterfacesJSON is the only data of types that no API answers (AWS-202).
//
//go:embed branch_interfaces.json
var branchInterfacesJSON []byte

// branchInterfaces returns how many branch interfaces a type has; types that are not
// there have none.
func branchInterfaces() (map[string]int64, error) {
	var table struct {
		BranchInterfaces map[string]int64 `json:"branchInterfaces"`
	}
	if err := json.Unmarshal(branchInterfacesJSON, &table); err != nil {
		return nil, fmt.Errorf("reading the embedded branch interfaces: %w", err)
	}
	return table.BranchInterfaces, nil
}
