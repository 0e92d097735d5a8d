// SPDX-License-Identifier: Apache-2.0

package localcluster

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"

	"sigs.k8s.io/yaml"
)

// Where the module of Cluster API keeps what it is installed with.
const (
	clusterAPIDefinitions = "core/config/crd/bases/*.yaml"
	clusterAPIWebhooks    = "core/config/webhook/manifests.yaml"
	// convertPath is where its webhooks convert between versions.
	convertPath = "/convert"
)

// Webhooks are where the API server reaches Cluster API.
type Webhooks struct {
	// URL is the root, such as https://127.0.0.1:9443.
	URL string
	// Authority of its certificate, in PEM.
	Authority []byte
}

// ClusterAPIFiles is what Cluster API is installed with, two lists in JSON.
type ClusterAPIFiles struct {
	// Definitions are its CustomResourceDefinitions, converted by its webhooks.
	Definitions []byte
	// Webhooks are those that fill in and refuse. They are called on every write once they
	// are on record.
	Webhooks []byte
}

// ClusterAPIObjects reads what Cluster API is installed with from its Go module, and lets
// its webhooks be reached by URL: it runs outside of the cluster, where no Service leads.
func ClusterAPIObjects(module fs.FS, at Webhooks) (ClusterAPIFiles, error) {
	definitions, err := readDocuments(module, clusterAPIDefinitions)
	if err != nil {
		return ClusterAPIFiles{}, err
	}
	for _, definition := range definitions {
		spec, ok := definition["spec"].(map[string]any)
		if !ok {
			return ClusterAPIFiles{}, errors.New("read the definitions of Cluster API: one has no spec")
		}
		spec["conversion"] = document{"strategy": "Webhook", "webhook": document{
			"conversionReviewVersions": []string{"v1"}, "clientConfig": at.client(convertPath),
		}}
	}
	webhooks, err := readDocuments(module, clusterAPIWebhooks)
	if err != nil {
		return ClusterAPIFiles{}, err
	}
	for _, configuration := range webhooks {
		if err := at.redirect(configuration); err != nil {
			return ClusterAPIFiles{}, err
		}
	}
	var files ClusterAPIFiles
	if files.Definitions, err = listOf(definitions); err != nil {
		return ClusterAPIFiles{}, err
	}
	files.Webhooks, err = listOf(webhooks)
	return files, err
}

// redirect lets every webhook of a configuration be called by URL.
func (w Webhooks) redirect(configuration document) error {
	all, ok := configuration["webhooks"].([]any)
	if !ok || len(all) == 0 {
		return errors.New("read the webhooks of Cluster API: a configuration has none")
	}
	for _, one := range all {
		hook, ok := one.(map[string]any)
		if !ok {
			return errors.New("read the webhooks of Cluster API: one is no object")
		}
		config, _ := hook["clientConfig"].(map[string]any)
		service, _ := config["service"].(map[string]any)
		where, _ := service["path"].(string)
		if where == "" {
			return fmt.Errorf("read the webhooks of Cluster API: %v has no path", hook["name"])
		}
		hook["clientConfig"] = w.client(where)
	}
	return nil
}

func (w Webhooks) client(where string) document {
	return document{"url": w.URL + where, "caBundle": w.Authority}
}

// readDocuments reads the YAML documents of all files that match.
func readDocuments(module fs.FS, pattern string) ([]document, error) {
	files, err := fs.Glob(module, pattern)
	if err != nil || len(files) == 0 {
		return nil, errors.Join(fmt.Errorf("the module of Cluster API has no %s", pattern), err)
	}
	var out []document
	for _, file := range files {
		text, err := fs.ReadFile(module, file)
		if err != nil {
			return nil, fmt.Errorf("read %s of Cluster API: %w", path.Base(file), err)
		}
		for _, part := range strings.Split(string(text), "\n---\n") {
			var d document
			if err := yaml.Unmarshal([]byte(part), &d); err != nil {
				return nil, fmt.Errorf("parse %s of Cluster API: %w", path.Base(file), err)
			}
			if len(d) > 0 {
				out = append(out, d)
			}
		}
	}
	return out, nil
}

func listOf(items []document) ([]byte, error) {
	text, err := json.Marshal(document{"apiVersion": "v1", "kind": "List", "items": items})
	if err != nil {
		return nil, fmt.Errorf("write what Cluster API is installed with: %w", err)
	}
	return text, nil
}
