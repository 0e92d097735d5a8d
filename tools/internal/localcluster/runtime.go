// SPDX-License-Identifier: Apache-2.0

package localcluster

import (
	"context"
	"fmt"
	"os/exec"
)

// checkRuntime fails early, and in words, where the runtime cannot work.
func checkRuntime(ctx context.Context, opts UpOptions) error {
	if err := opts.Validate(); err != nil {
		return err
	}
	switch opts.Runtime {
	case RuntimeBinary:
		return nil
	case RuntimeKind:
		return dockerAnswers(ctx)
	default:
		return fmt.Errorf("runtime %q is unknown: want %s or %s", opts.Runtime, RuntimeBinary, RuntimeKind)
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
