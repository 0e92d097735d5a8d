// SPDX-License-Identifier: Apache-2.0

package localcluster

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"regexp"
	"strings"
	"time"
)

// Check fails early, and in words, where no cluster of that name can be or what is wished
// cannot work, before anything is built for it.
func Check(ctx context.Context, layout Layout, wish ClusterWish) error {
	if err := layout.Validate(); err != nil {
		return err
	}
	if err := checkProvider(wish.Provider); err != nil {
		return err
	}
	if wish.Kubernetes != "" && !versionFormat.MatchString(wish.Kubernetes) {
		return fmt.Errorf("version %q of Kubernetes: want one such as 1.36.1", wish.Kubernetes)
	}
	switch wish.Runtime {
	case RuntimeBinary:
		if wish.Kubernetes != "" {
			return fmt.Errorf("version %s of Kubernetes: runtime %s has the one that is built; use runtime %s", wish.Kubernetes, RuntimeBinary, RuntimeKind)
		}
		return nil
	case RuntimeKind:
		if !InKind(wish.Provider) {
			return fmt.Errorf("provider %s: there are Machines with runtime %s only", wish.Provider, RuntimeBinary)
		}
		return dockerAnswers(ctx)
	default:
		return fmt.Errorf("runtime %q is unknown: want %s or %s", wish.Runtime, RuntimeBinary, RuntimeKind)
	}
}

var versionFormat = regexp.MustCompile(`^\d+\.\d+\.\d+$`)

// dockerTimeout is for a daemon that has its hands full.
const dockerTimeout = 30 * time.Second

func dockerAnswers(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, dockerTimeout)
	defer cancel()
	if _, err := docker(ctx, "version", "--format", "{{.Server.Version}}"); err != nil {
		return fmt.Errorf("runtime kind needs Docker (%w); without it use make up or make e2e, which run the same as plain processes", err)
	}
	return nil
}

// docker runs the client of Docker and returns what it printed; an error is one line.
func docker(ctx context.Context, args ...string) (string, error) {
	path, err := exec.LookPath("docker")
	if err != nil {
		return "", errors.New("it is not installed")
	}
	var stdout, stderr bytes.Buffer
	cmd := exec.CommandContext(ctx, path, args...)
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("docker %s: %w: %s", args[0], err, strings.Join(strings.Fields(stderr.String()), " "))
	}
	return strings.TrimSpace(stdout.String()), nil
}
