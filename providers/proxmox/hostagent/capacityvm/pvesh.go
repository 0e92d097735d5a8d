// SPDX-License-Identifier: Apache-2.0

package capacityvm

import (
	"bytes"
	"context"
	"fmt"
	"os/exec"
	"strings"
	"time"
)

// Pvesh runs the program pvesh of the host, as whoever runs this process.
type Pvesh struct {
	// Path is that of the program.
	Path string
}

// limit is how long a command takes at most. A cluster that lost its quorum meanwhile lets
// it hang.
const limit = time.Minute

// Run implements Shell.
func (p Pvesh) Run(ctx context.Context, args ...string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	var out, complaint bytes.Buffer
	command := exec.CommandContext(ctx, p.Path, args...)
	command.Stdout, command.Stderr = &out, &complaint
	command.WaitDelay = time.Second // a child of it may hold the output open
	if err := command.Run(); err != nil {
		return nil, fmt.Errorf("pvesh %s: %w: %s", strings.Join(args[:min(len(args), 2)], " "), err, strings.TrimSpace(complaint.String()))
	}
	return out.Bytes(), nil
}
