// SPDX-License-Identifier: Apache-2.0

// Package cloudconfig reads the file that says which Proxmox VE clusters there are and how
// to reach them (PVE-010, PVE-011).
//
// It makes no call. Files with tokens are read when credentials are asked for, so that
// what replaces them is found.
//
// Start reading at [Parse].
package cloudconfig

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"sigs.k8s.io/yaml"

	"karpenter.sh/providers/proxmox/pve"
)

// Config is the file. What else is in it means nothing: other tools share it.
type Config struct {
	Clusters []Cluster `json:"clusters"`
}

// Cluster is a Proxmox VE cluster.
type Cluster struct {
	// Region is what the cluster is called.
	Region string `json:"region"`
	// URL is that of its API.
	URL string `json:"url"`
	// Insecure skips the check of the server's certificate.
	Insecure bool   `json:"insecure,omitempty"`
	Username string `json:"username,omitempty"`
	Password string `json:"password,omitempty"`
	TokenID  string `json:"token_id,omitempty"`
	// TokenSecret, as TokenID, wins over the file.
	TokenSecret     string `json:"token_secret,omitempty"`
	TokenIDFile     string `json:"token_id_file,omitempty"`
	TokenSecretFile string `json:"token_secret_file,omitempty"`
}

// Parse reads the file. The error names each cluster that is wrong, by its number from 1.
// It holds no secret.
func Parse(data []byte) (Config, error) {
	var c Config
	if err := yaml.Unmarshal(data, &c); err != nil {
		return Config{}, errors.New("reading the cloud config: it is no YAML of the expected form") // the parser quotes the file
	}
	if len(c.Clusters) == 0 {
		return Config{}, errors.New("reading the cloud config: clusters is empty")
	}
	var problems []error
	regions := map[string]int{}
	for i, cluster := range c.Clusters {
		err := cluster.check()
		if first, taken := regions[cluster.Region]; err == nil && taken {
			err = fmt.Errorf("region %q is that of cluster %d", cluster.Region, first)
		}
		if err != nil {
			problems = append(problems, fmt.Errorf("cluster %d: %w", i+1, err))
			continue
		}
		regions[cluster.Region] = i + 1
	}
	return c, errors.Join(problems...)
}

func (c Cluster) check() error {
	switch {
	case c.Region == "":
		return errors.New("region is needed")
	case strings.ContainsAny(c.Region, "/ "):
		return fmt.Errorf("region %q has a slash or a blank", c.Region)
	case !strings.HasPrefix(c.URL, "http"):
		return fmt.Errorf("url %q does not begin with http", c.URL)
	}
	return c.checkCredentials()
}

// checkCredentials wants one kind of them, and that whole.
func (c Cluster) checkCredentials() error {
	user := c.Username != "" || c.Password != ""
	id, secret := c.TokenID+c.TokenIDFile, c.TokenSecret+c.TokenSecretFile
	switch {
	case user && id+secret != "":
		return errors.New("there are a token and a user: give one of them")
	case user && (c.Username == "" || c.Password == ""):
		return errors.New("username and password are needed together")
	case !user && (id == "" || secret == ""):
		return errors.New("credentials are needed: username and password, or token_id and token_secret, or their files")
	}
	return nil
}

// Credentials are those of a cluster now. Files are read, and what they hold trimmed.
func (c Cluster) Credentials() (pve.Credentials, error) {
	if c.Username != "" {
		return pve.Credentials{Username: c.Username, Password: c.Password}, nil
	}
	id, err := valueOr(c.TokenID, c.TokenIDFile)
	if err != nil {
		return pve.Credentials{}, fmt.Errorf("token ID of region %s: %w", c.Region, err)
	}
	secret, err := valueOr(c.TokenSecret, c.TokenSecretFile)
	if err != nil {
		return pve.Credentials{}, fmt.Errorf("token secret of region %s: %w", c.Region, err)
	}
	return pve.Credentials{TokenID: id, TokenSecret: secret}, nil
}

func valueOr(value, file string) (string, error) {
	if value != "" {
		return value, nil
	}
	content, err := os.ReadFile(file)
	if err != nil {
		return "", fmt.Errorf("reading its file: %w", err)
	}
	text := strings.TrimSpace(string(content))
	if text == "" {
		return "", fmt.Errorf("file %s is empty", file)
	}
	return text, nil
}
