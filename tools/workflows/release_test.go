// SPDX-License-Identifier: Apache-2.0

package workflows_test

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// publishing are the permissions that publishing needs, and no others.
var publishing = map[string]string{"contents": "read", "packages": "write", "id-token": "write", "attestations": "write"} //nolint:gochecknoglobals // a constant

// OPS-256, OPS-258: images are pushed, signed and described before the charts that name
// them are written; these are linted and packed (by make release-files), pushed and
// signed; all has a provenance.
func TestPublish(t *testing.T) {
	w := read(t, "publish.yaml")
	publish := w.Jobs["publish"]
	same(t, "permissions", publishing, publish.Permissions)
	same(t, "permissions of all jobs", map[string]string{}, w.Permissions)
	inOrder(t, publish.text(t),
		`-a version=\$VERSION -a commitSha=\$GITHUB_SHA -a buildDate=`,
		`tools/release check -version "\$VERSION"`,
		`make images-test`, `make images-reproducible VERSION="\$VERSION"`, `make vex`,
		`uses: sigstore/cosign-installer@`,
		`crane auth login`, `helm registry login`,
		`crane push "bin/images/`,
		`cosign sign --yes --recursive \$NOTES "\$image"`,
		`cosign attest --yes --type openvex --predicate "bin/vex/`,
		`cosign attest --yes --type spdxjson --predicate "\$sbom" "\$REGISTRY/\$name@\$digest"`,
		`make release-charts release-files VERSION="\$VERSION" REGISTRY="\$REGISTRY"`,
		`bin/helm push "\$packed" "oci://\$REGISTRY/charts/\$provider"`,
		`cosign sign --yes \$NOTES "\$REGISTRY/\$name@\$digest"`,
		`uses: actions/attest-build-provenance@v\d+\n\nsubject-checksums: bin/subjects.txt`,
		`uses: actions/attest-build-provenance@v\d+\n\nsubject-path: bin/release/\*`,
		`uses: actions/upload-artifact@v\d+\n\nname: release\npath: bin/release`,
	)
}

// OPS-257, OPS-258: a tag makes a release, with notes and files, and, unless it is a
// candidate, a pull request to the branch that the release belongs to.
func TestRelease(t *testing.T) {
	w := read(t, "release.yaml")
	same(t, "what starts it", map[string]any{"push": map[string]any{"tags": []any{"v*"}}}, w.On)
	publish := w.Jobs["publish"]
	if publish.Uses != "./.github/workflows/publish.yaml" || publish.With["registry"] != "ghcr.io/${{ github.repository }}" ||
		publish.With["version"] != "${{ needs.version.outputs.version }}" {
		t.Errorf("it publishes with %s and %v", publish.Uses, publish.With)
	}
	same(t, "permissions", publishing, publish.Permissions)
	inOrder(t, w.Jobs["version"].text(t), `version=\$\{GITHUB_REF_NAME#v\}`)

	release := w.Jobs["release"]
	same(t, "what it waits for", any([]any{"version", "publish"}), release.Needs)
	same(t, "permissions", map[string]string{"contents": "write", "pull-requests": "write"}, release.Permissions)
	inOrder(t, release.text(t),
		`uses: actions/download-artifact@v\d+\n\nname: release\n`,
		`gh release create .*--verify-tag --notes-file bin/release/NOTES.md .*--prerelease`,
		`gh release upload .* bin/release/\*`,
		`uses: actions/download-artifact@v\d+\n\nname: images\n`,
		`base=\$\(go run ./tools/release branch -version "\$VERSION"\)`,
		`git switch --create .* "origin/\$base"`,
		`make release-charts VERSION="\$VERSION" REGISTRY=`,
		`tools/release page -version "\$VERSION"`,
		`commit --all`, `git push`, `gh pr create --base "\$base"`,
	)
	for _, s := range release.Steps {
		proposes := strings.Contains(s.Run, "gh pr create") || s.With["name"] == "images"
		if (s.If == "${{ !contains(github.ref_name, '-') }}") != proposes {
			t.Errorf("for candidates too, or for them alone: %+v", s)
		}
	}
}

// OPS-259: what is pushed to main and release branches is published under the hash of the
// commit, apart from releases, and deleted after 90 days.
func TestSnapshot(t *testing.T) {
	w := read(t, "snapshot.yaml")
	same(t, "branches", map[string]any{"branches": []any{"main", "release-v*"}}, w.On["push"].(map[string]any))
	publish, expire := w.Jobs["publish"], w.Jobs["expire"]
	if publish.Uses != "./.github/workflows/publish.yaml" || publish.With["version"] != "${{ github.sha }}" ||
		publish.With["registry"] == read(t, "release.yaml").Jobs["publish"].With["registry"] {
		t.Errorf("it publishes with %s and %v", publish.Uses, publish.With)
	}
	same(t, "permissions", publishing, publish.Permissions)
	if publish.If != "github.event_name == 'push'" || expire.If != "github.event_name == 'schedule'" || w.On["schedule"] == nil {
		t.Errorf("it publishes if %q, and deletes if %q", publish.If, expire.If)
	}
	same(t, "permissions", map[string]string{"contents": "read", "packages": "write"}, expire.Permissions)
	inOrder(t, expire.text(t), `/snapshots/"`, `go run ./tools/release expired -age 2160h`, `gh api --method DELETE`)
}

// Nothing that a workflow is given by others, names of branches and tags included, becomes
// part of a script; it comes by the environment.
func TestNoInjection(t *testing.T) {
	for _, file := range files(t) {
		name := filepath.Base(file)
		for id, j := range read(t, name).Jobs {
			for _, s := range j.Steps {
				for _, expression := range slices.DeleteFunc(strings.Split(s.Run, "${{")[1:], func(e string) bool {
					return strings.HasPrefix(e, " contains(github.ref_name, '-') && '--prerelease' || '' }}") // gives one of two words
				}) {
					t.Errorf("%s, %s: ${{%s", name, id, expression)
				}
			}
		}
	}
}
