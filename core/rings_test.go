// SPDX-License-Identifier: Apache-2.0

// Package core_test keeps the module's rings: imports point inward only.
//
// Ring 1, the engine, knows the standard library. Ring 2, the translation, adds
// the types of the Kubernetes API. Ring 3, the world, knows everything inward;
// there no family of controllers knows another, and only the operator knows
// them all.
package core_test

import (
	"cmp"
	"fmt"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// Packages of this module are written without its domain: core/engine/place.
const domain, module = "karpenter.sh/", "karpenter.sh/core/"

// rule forbids some imports to some packages.
type rule struct {
	name    string
	why     string
	applies func(pkg string) bool
	forbids func(pkg, imported string) bool
}

func rules() []rule {
	return []rule{
		{
			name: "the engine imports the standard library and itself", why: "what cannot reach a client needs no API server to be tested",
			applies: within("core/engine"),
			forbids: func(_, imported string) bool { return !standard(imported) && !within("core/engine")(imported) },
		},
		{
			name: "the engine is pure", why: "same input, same output: no clock, no chance, no log, no file, no network",
			applies: within("core/engine"),
			forbids: func(_, imported string) bool {
				return within("log", "math/rand", "os", "net", "syscall", "crypto/rand", "testing")(imported)
			},
		},
		{
			name: "the translation holds no client", why: "a client in it would put I/O into decisions",
			applies: translation,
			forbids: func(_, imported string) bool {
				return within("k8s.io/client-go", "k8s.io/apiserver", "sigs.k8s.io/controller-runtime")(imported)
			},
		},
		{
			name: "a question is put together without a client", why: "callers read the objects, so that whoever asks decides how fresh they are",
			applies: within("core/question"),
			forbids: func(_, imported string) bool {
				return within("k8s.io/client-go", "sigs.k8s.io/controller-runtime")(imported)
			},
		},
		{
			name: "the translation imports the engine and itself", why: "imports point inward",
			applies: translation,
			forbids: func(_, imported string) bool {
				return own(imported) && !translation(imported) && !within("core/engine")(imported)
			},
		},
		{
			name: "the API imports no other part of the translation", why: "whoever reads objects needs nothing but their types",
			applies: within("core/apis"),
			forbids: func(_, imported string) bool { return translation(imported) && !within("core/apis")(imported) },
		},
		{
			name: "what every reconcile needs decides nothing", why: "writing, pacing and looking up are the same whatever was decided",
			applies: within("core/reconcile"),
			forbids: func(_, imported string) bool {
				return own(imported) && !within("core/reconcile", "core/apis", "core/objects")(imported)
			},
		},
		{
			name: "no family of controllers imports another", why: "each can be read, tested and changed alone",
			applies: within("core/controllers"),
			forbids: func(pkg, imported string) bool {
				return within("core/controllers")(imported) && family(pkg) != family(imported)
			},
		},
		{
			name: "only the operator knows the controllers", why: "it wires them; anything else that did would close a cycle",
			applies: func(pkg string) bool { return !within("core/controllers", "core/operator")(pkg) },
			forbids: func(_, imported string) bool { return within("core/controllers")(imported) },
		},
		{
			name: "nothing inward knows the operator", why: "options and loggers are passed as values",
			applies: func(pkg string) bool { return !within("core/operator", "core/cmd")(pkg) },
			forbids: func(_, imported string) bool { return within("core/operator")(imported) },
		},
		{
			name: "a simulation has no client and no operator", why: "it replays days in seconds, without an API server",
			applies: within("core/simulation"),
			forbids: func(_, imported string) bool {
				return within("k8s.io/client-go", "sigs.k8s.io/controller-runtime", "core/controllers", "core/operator")(imported)
			},
		},
		{
			name: "the core knows no provider", why: "it reaches them through the contract in cloudprovider",
			applies: func(string) bool { return true },
			forbids: func(_, imported string) bool {
				return within("karpenter.sh", "github.com/aws", "github.com/Azure", "cloud.google.com/go", "google.golang.org/api",
					"github.com/alibabacloud-go", "sigs.k8s.io/cluster-api", "k8s.io/kubernetes")(imported)
			},
		},
	}
}

// translation holds for ring 2. What providers share (cloudprovider/kit), what
// checks them (conformance) and what stands in for one (fake) acts on the world
// and belongs to ring 3. What metrics there are is data, which the layers around a
// provider need too.
func translation(pkg string) bool {
	return within("core/apis", "core/cloudprovider", "core/intake", "core/metrics/families", "core/objects", "core/render")(pkg) && !within("core/cloudprovider/kit", "core/cloudprovider/conformance", "core/cloudprovider/fake")(pkg)
}

// within holds for the roots and what is below them.
func within(roots ...string) func(pkg string) bool {
	return func(pkg string) bool {
		return slices.ContainsFunc(roots, func(root string) bool { return pkg == root || strings.HasPrefix(pkg, root+"/") })
	}
}

// own holds for packages of this module.
func own(pkg string) bool { return within("core")(pkg) }

// standard holds for the standard library: the first element of all other
// import paths has a dot.
func standard(imported string) bool {
	first, _, _ := strings.Cut(imported, "/")
	return !strings.Contains(first, ".") && !own(imported)
}

// family returns the controller family that a package belongs to.
func family(pkg string) string {
	name, _, _ := strings.Cut(strings.TrimPrefix(pkg, "core/controllers/"), "/")
	return name
}

func TestImportsPointInward(t *testing.T) {
	graph := imports(t)
	for _, r := range rules() {
		t.Run(r.name, func(t *testing.T) {
			for pkg, all := range graph {
				for imported, file := range all {
					if r.applies(pkg) && r.forbids(pkg, imported) {
						t.Errorf("%s imports %s (%s)", file, imported, r.why)
					}
				}
			}
		})
	}
}

// imports returns what each package of the module imports outside its tests,
// and one file that does.
func imports(t *testing.T) map[string]map[string]string {
	t.Helper()
	graph := map[string]map[string]string{}
	err := filepath.WalkDir(".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		pkg := "core/" + filepath.ToSlash(filepath.Dir(path))
		if graph[pkg] == nil {
			graph[pkg] = map[string]string{}
		}
		for _, spec := range file.Imports {
			imported, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				return err
			}
			if strings.HasPrefix(imported, module) {
				imported = strings.TrimPrefix(imported, domain)
			}
			graph[pkg][imported] = path
		}
		return nil
	})
	if err != nil {
		t.Fatalf("read the imports: %v", err)
	}
	if len(graph) == 0 {
		t.Fatal("no package found: the rules held for nothing")
	}
	return graph
}

func TestRulesCatchWhatTheyForbid(t *testing.T) {
	tests := []struct{ pkg, imported, broken string }{
		{"core/engine/place", "k8s.io/api/core/v1", "the engine imports the standard library and itself"},
		{"core/engine/place", "core/intake", "the engine imports the standard library and itself"},
		{"core/engine/place", "log/slog", "the engine is pure"},
		{"core/engine/place", "math/rand/v2", "the engine is pure"},
		{"core/intake", "sigs.k8s.io/controller-runtime/pkg/client", "the translation holds no client"},
		{"core/intake", "core/events", "the translation imports the engine and itself"},
		{"core/render", "core/cluster", "the translation imports the engine and itself"},
		{"core/apis/v1", "core/cloudprovider", "the API imports no other part of the translation"},
		{"core/controllers/node/a", "core/controllers/nodeclaim", "no family of controllers imports another"},
		{"core/cluster", "core/controllers/node", "only the operator knows the controllers"},
		{"core/controllers/node", "core/operator/options", "nothing inward knows the operator"},
		{"core/simulation/policy", "k8s.io/client-go/rest", "a simulation has no client and no operator"},
		{"core/cloudprovider/kit", "github.com/aws/aws-sdk-go-v2", "the core knows no provider"},
		{"core/engine/place", "core/engine/model", ""},
		{"core/engine/place", "slices", ""},
		{"core/simulation", "core/question", ""},
		{"core/cloudprovider", "core/metrics/families", ""},
		{"core/cloudprovider", "core/metrics", "the translation imports the engine and itself"},
		{"core/intake", "k8s.io/api/core/v1", ""},
		{"core/render", "core/intake", ""},
		{"core/apis/v1", "github.com/awslabs/operatorpkg/status", ""},
		{"core/cloudprovider/kit", "sigs.k8s.io/controller-runtime/pkg/client", ""},
		{"core/controllers/node/a", "core/controllers/node/b", ""},
		{"core/operator", "core/controllers/node", ""},
	}
	for _, tc := range tests {
		t.Run(fmt.Sprintf("%s to %s: %s", tc.pkg, tc.imported, cmp.Or(tc.broken, "fine")), func(t *testing.T) {
			broken := ""
			for _, r := range rules() {
				if r.applies(tc.pkg) && r.forbids(tc.pkg, tc.imported) {
					broken = cmp.Or(broken, r.name)
				}
			}
			if broken != tc.broken {
				t.Errorf("broken rule %q, want %q", broken, tc.broken)
			}
		})
	}
}
