// SPDX-License-Identifier: Apache-2.0

package localcluster

import (
	"context"
	"fmt"
	"os/exec"
)

// Check fails early, and in words, where no cluster of that name can be or the
// runtime cannot work, before anything is built for it.
func Check(ctx context.Context, layout Layout, runtime, provider string) error {
	if err := layout.Validate(); err != nil {
		return err
	}
	if err := checkProvider(provider, runtime); err != nil {
		return err
	}
	switch runtime {
	case RuntimeBinary:
		return nil
	case RuntimeKind:
		return dockerAnswers(ctx)
	default:
		return fmt.Errorf("runtime %q is unknown: want %s or %s", runtime, RuntimeBinary, RuntimeKind)
	}
}

func dockerAnswers(ctx context.Context) error {
	const advice = "runtime kind needs a container runtime; without one use runtime binary, which needs nothing"
	path, err := exec.LookPath("docker")
	if err != nil {
		return fmt.Errorf("docker is not installed: %s", advice)
	}
	if err := exec.CommandContext(ctx, path, "version").Run(); err != nil {
		return fmt.Errorf("docker is installed but does not answer (%w): %s", err, advice)
	}
	return nil
}
