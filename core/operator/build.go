// SPDX-License-Identifier: Apache-2.0

package operator

import (
	"runtime"
	"runtime/debug"

	"github.com/prometheus/client_golang/prometheus"

	"karpenter.sh/core/metrics/families"
	"karpenter.sh/core/operator/logging"
	"karpenter.sh/core/operator/options"
)

const (
	// unstamped is the version of a build that was given none (OPS-090).
	unstamped = "unspecified"
	// unknownCommit is the commit of a build that has none.
	unknownCommit = "unknown"
)

// build tells what is running.
type build struct {
	version, commit string
}

// String is the version, with the commit if the build has one.
func (b build) String() string {
	if b.commit == "" {
		return b.version
	}
	return b.version + " (commit " + b.commit + ")"
}

// buildOf completes the version that a binary was stamped with.
func buildOf(version string) build {
	if version == "" {
		version = unstamped
	}
	info, _ := debug.ReadBuildInfo()
	return build{version: version, commit: logging.Commit(info)}
}

// register exposes the build as a metric that is always 1 (OPS-090).
func (b build) register(registerer prometheus.Registerer) error {
	commit := b.commit
	if commit == "" {
		commit = unknownCommit
	}
	r := families.New(registerer, families.Core()...)
	gauge := r.Gauge("karpenter_build_info")
	if err := r.Err(); err != nil {
		return err
	}
	gauge.WithLabelValues(b.version, runtime.Version(), runtime.GOARCH, commit).Set(1)
	return nil
}

// softMemoryLimit returns the limit in bytes that the Go runtime shall aim at:
// 90% of the container's. Without one the runtime decides for itself (OPS-049).
func softMemoryLimit(o options.Options) (limit int64, ok bool) {
	if o.MemoryLimit <= 0 {
		return 0, false
	}
	return o.MemoryLimit/10*9 + o.MemoryLimit%10*9/10, true
}
