// SPDX-License-Identifier: Apache-2.0

// Generate writes the embedded catalogue of fake nodes (KWOK-009) to a file. It
// always writes the same bytes.
//
//	go run ./kwok/catalogue/generate kwok/catalogue/instance_types.json
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"

	"k8s.io/apimachinery/pkg/api/resource"
)

// The file format (KWOK-006), as far as the embedded catalogue uses it:
// offerings in their short form, which are available unless they say otherwise.
type (
	instanceType struct {
		Name             string            `json:"name"`
		Architecture     string            `json:"architecture"`
		OperatingSystems []string          `json:"operatingSystems"`
		Resources        map[string]string `json:"resources"`
		Offerings        []offering        `json:"offerings"`
	}
	offering struct {
		CapacityType string  `json:"capacityType"`
		Zone         string  `json:"zone"`
		Price        float64 `json:"price"`
	}
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: generate <file>")
		os.Exit(2)
	}
	if err := write(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "generate:", err)
		os.Exit(1)
	}
}

func write(path string) error {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetIndent("", " ")
	if err := encoder.Encode(all()); err != nil {
		return fmt.Errorf("encoding the catalogue: %w", err)
	}
	return os.WriteFile(path, text.Bytes(), 0o644)
}

func all() []instanceType {
	var types []instanceType
	for _, cpu := range []int64{1, 2, 4, 8, 16, 32, 48, 64, 96, 128, 192, 256} {
		for _, ratio := range []int64{2, 4, 8} {
			for _, system := range []string{"linux", "windows"} {
				for _, arch := range []string{"amd64", "arm64"} {
					types = append(types, one(cpu, ratio, system, arch))
				}
			}
		}
	}
	return types
}

func one(cpu, ratio int64, system, arch string) instanceType {
	memory := cpu * ratio << 30
	// Two roundings, as separate operations: the conversions keep the compiler
	// from fusing them.
	price := float64(0.025*float64(cpu)) + float64(0.001*float64(memory)/1e9)
	return instanceType{
		Name:             fmt.Sprintf("%s-%dx-%s-%s", family(ratio), cpu, arch, system),
		Architecture:     arch,
		OperatingSystems: []string{system},
		Resources: map[string]string{
			"cpu":               fmt.Sprint(cpu),
			"memory":            resource.NewQuantity(memory, resource.BinarySI).String(),
			"pods":              fmt.Sprint(min(16*cpu, 1024)),
			"ephemeral-storage": "20Gi",
		},
		Offerings: offerings(price),
	}
}

func family(ratio int64) string {
	switch ratio {
	case 2:
		return "c"
	case 4:
		return "s"
	case 8:
		return "m"
	}
	return "e"
}

func offerings(price float64) []offering {
	var out []offering
	for _, zone := range []string{"test-zone-a", "test-zone-b", "test-zone-c", "test-zone-d"} {
		out = append(out, offering{"spot", zone, 0.7 * price}, offering{"on-demand", zone, price})
	}
	return out
}
