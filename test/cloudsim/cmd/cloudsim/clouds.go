// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"maps"
	"net/http"
	"os"
	"slices"
	"strings"

	"karpenter.sh/test/cloudsim/aws"
	"karpenter.sh/test/cloudsim/control"
	"karpenter.sh/test/cloudsim/proxmox"
	"karpenter.sh/test/cloudsim/proxmox/schema"
	"karpenter.sh/test/cloudsim/world"
)

// cloud is a simulated cloud as the command serves it.
type cloud interface {
	http.Handler
	control.Target
	// Env are the variables that point a controller at an endpoint. bundle is the file with
	// the certificate authority, control the URL of the control API.
	Env(endpoint, bundle, control string) map[string]string
	Agenda() *world.Agenda
}

// metadata is a cloud that tells machines about themselves, beside its endpoint.
type metadata interface{ Metadata() http.Handler }

// furnisher is a cloud that a controller needs files for, beside that of the authority.
type furnisher interface {
	Files(endpoint string) (map[string][]byte, error)
}

// clouds make the clouds that there are. Others go here.
func clouds() map[string]func(options) (cloud, error) {
	return map[string]func(options) (cloud, error){"aws": newAWS, "proxmox": newProxmox}
}

func names() string { return strings.Join(slices.Sorted(maps.Keys(clouds())), ", ") }

func newAWS(o options) (cloud, error) {
	settings := aws.DefaultOptions(o.cluster)
	settings.Joiner = o.joiner
	settings.Seed, settings.Boot, settings.Unlimited, settings.LongPolls = o.seed, o.boot, o.unlimited, true
	err := readSetup(o, func(data []byte) (err error) {
		settings.Setup, err = aws.ParseSetup(data, o.cluster)
		return err
	})
	if err != nil {
		return nil, err
	}
	return aws.New(settings)
}

func newProxmox(o options) (cloud, error) {
	settings := proxmox.Options{Setup: proxmox.LocalSetup(), Seed: o.seed, Joiner: o.joiner, Boot: o.boot}
	err := readSetup(o, func(data []byte) (err error) {
		settings.Setup, err = proxmox.ParseSetup(data)
		return err
	})
	if err != nil {
		return nil, err
	}
	if o.api != "" {
		data, err := os.ReadFile(o.api)
		if err != nil {
			return nil, fmt.Errorf("read the description of the calls: %w", err)
		}
		if settings.API, err = schema.Parse(data); err != nil {
			return nil, fmt.Errorf("%s: %w", o.api, err)
		}
	}
	return proxmox.New(settings)
}

// readSetup parses the file with the setup, if there is one.
func readSetup(o options, parse func([]byte) error) error {
	if o.setup == "" {
		return nil
	}
	data, err := os.ReadFile(o.setup)
	if err != nil {
		return fmt.Errorf("read the setup: %w", err)
	}
	if err := parse(data); err != nil {
		return fmt.Errorf("%s: %w", o.setup, err)
	}
	return nil
}
