// SPDX-License-Identifier: Apache-2.0

package image

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"

	v1 "karpenter.sh/providers/aws/apis/v1"
)

// ErrNoParameters says that no parameter of an alias exists, as of a version that was
// never published (AWS-142).
var ErrNoParameters = errors.New("none of its parameters exists")

// errNoVersion says that an alias cannot be resolved yet.
var errNoVersion = errors.New("the version of Kubernetes is not known yet")

// UnsupportedAliasError says that an alias can never be resolved for a version of
// Kubernetes (AWS-146), or is none (AWS-014). It is a fact about the NodeClass, not a
// failure.
type UnsupportedAliasError struct {
	// Alias is what the NodeClass says.
	Alias string
	// Reason ends a sentence that begins with the alias.
	Reason string
}

// Error names the alias, and why it is not supported.
func (e *UnsupportedAliasError) Error() string {
	return fmt.Sprintf("alias %q is not supported: %s", e.Alias, e.Reason)
}

// unsupported reports whether an error says that of an alias.
func unsupported(err error) bool {
	var u *UnsupportedAliasError
	return errors.As(err, &u)
}

// parameter is one of SSM that an alias stands for.
type parameter struct {
	name string
	// mutable says that its publisher moves it on to newer images.
	mutable bool
	// sets are the requirements of each variant that its image serves, without the
	// architecture.
	sets [][]corev1.NodeSelectorRequirement
}

// parametersOf are the parameters of an alias for a version of Kubernetes, such as
// "1.34". The error is an *UnsupportedAliasError if there are never any.
func parametersOf(text, kubernetes string) ([]parameter, error) {
	alias, err := v1.ParseAlias(text)
	if err != nil {
		return nil, &UnsupportedAliasError{Alias: text, Reason: err.Error()}
	}
	if kubernetes == "" {
		return nil, fmt.Errorf("resolving alias %q: %w", text, errNoVersion)
	}
	of := families()[alias.Family]
	if err := of.check(text, alias.Version, kubernetes); err != nil {
		return nil, err
	}
	out := make([]parameter, len(of.parameters))
	for i, r := range of.parameters {
		out[i] = parameter{name: of.name(r, alias, kubernetes), mutable: alias.Version == latest, sets: of.sets(r)}
	}
	return out, nil
}

// check says why there are no images of a version of the family.
func (f family) check(text, version, kubernetes string) error {
	_, after, _ := strings.Cut(kubernetes, ".")
	minor, err := strconv.Atoi(after)
	switch {
	case err != nil:
		return fmt.Errorf("resolving alias %q: the version of Kubernetes %q is not major.minor", text, kubernetes)
	case f.until > 0 && minor >= f.until:
		return &UnsupportedAliasError{Alias: text, Reason: fmt.Sprintf("it has no images for Kubernetes 1.%d and later, and the cluster is %s", f.until, kubernetes)}
	case minor < f.since:
		return &UnsupportedAliasError{Alias: text, Reason: fmt.Sprintf("it has no images before Kubernetes 1.%d, and the cluster is %s", f.since, kubernetes)}
	case f.onlyLatest && version != latest:
		return &UnsupportedAliasError{Alias: text, Reason: "the only version of its family is latest"}
	}
	return nil
}

// name is that of a parameter.
func (f family) name(r row, alias v1.Alias, kubernetes string) string {
	n := f.newest
	if alias.Version != latest {
		n = r.pinned
	}
	version := alias.Version
	if alias.Family == v1.AMIFamilyBottlerocket {
		version = strings.TrimPrefix(version, "v")
	}
	path := strings.ReplaceAll(r.path, "<n>", n)
	return strings.NewReplacer("<k>", kubernetes, "<v>", version).Replace(path)
}
