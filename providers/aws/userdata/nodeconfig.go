// SPDX-License-Identifier: Apache-2.0

package userdata

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

	"karpenter.sh/core/cloudprovider/kit/bootstrap"
)

const (
	typeNodeConfig  = "application/node.eks.aws"
	nodeConfigGroup = "node.eks.aws/"
	nodeConfigKind  = "NodeConfig"
)

// al2023Parts returns the parts of a user's data. A NodeConfig among them that
// nodeadm could not read would keep every machine from joining, so it is an error
// (improves on common practice).
func al2023Parts(custom string) ([]bootstrap.Part, error) {
	parts, err := bootstrap.UserParts([]byte(custom), scriptOrNodeConfig)
	if err != nil {
		return nil, err
	}
	for i, part := range parts {
		typ, _ := part.MediaType()
		if typ != typeNodeConfig || part.Header.Get("Content-Transfer-Encoding") != "" {
			continue
		}
		if err := checkNodeConfig(part.Body); err != nil {
			return nil, fmt.Errorf("reading part %d, a NodeConfig: %w", i+1, err)
		}
	}
	return parts, nil
}

// scriptOrNodeConfig tells by the first line, then by whether it is a mapping in
// YAML. A script may well be one too ("echo a: b"), and so is a cloud-config.
func scriptOrNodeConfig(data []byte) bootstrap.Part {
	text := strings.TrimSpace(string(data))
	switch {
	case strings.HasPrefix(text, "#!"):
		return script(data)
	case bootstrap.IsCloudConfig([]byte(text)):
		return bootstrap.NewPart(bootstrap.TypeCloudConfig, []byte(text))
	}
	tree, err := bootstrap.ParseYAML(data)
	if err == nil && len(tree) > 0 || meantAsNodeConfig(text) {
		return bootstrap.NewPart(typeNodeConfig, data)
	}
	return script(data)
}

// meantAsNodeConfig reports whether a text that may be no YAML was meant to be a
// NodeConfig, so that a slip in it is told and not run as a script.
func meantAsNodeConfig(text string) bool {
	return regexp.MustCompile(`(?m)^apiVersion: *["']?node\.eks\.aws/`).MatchString(text)
}

func checkNodeConfig(data []byte) error {
	tree, err := bootstrap.ParseYAML(data)
	if err != nil {
		return err
	}
	version, _ := tree["apiVersion"].(string)
	if !strings.HasPrefix(version, nodeConfigGroup) {
		return fmt.Errorf("apiVersion is %q, not of the group %s", version, nodeConfigGroup)
	}
	if tree["kind"] != nodeConfigKind {
		return errors.New("kind is not " + nodeConfigKind)
	}
	return nil
}
