// SPDX-License-Identifier: Apache-2.0

package cloudconfig_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"karpenter.sh/providers/proxmox/cloudconfig"
	"karpenter.sh/providers/proxmox/pve"
)

// PVE-010: what the file says.
func TestParse(t *testing.T) {
	c, err := cloudconfig.Parse([]byte(`
clusters:
- {region: r1, url: "https://a:8006/api2/json", insecure: true, username: u@pve, password: p}
- {region: r2, url: "https://b:8006/api2/json", token_id: u@pve!t, token_secret: s}
features: {provider: capmox}
`))
	if err != nil || len(c.Clusters) != 2 || !c.Clusters[0].Insecure || c.Clusters[1].Insecure {
		t.Fatalf("got %+v, %v", c, err)
	}
	for i, want := range []pve.Credentials{{Username: "u@pve", Password: "p"}, {TokenID: "u@pve!t", TokenSecret: "s"}} {
		if got, err := c.Clusters[i].Credentials(); err != nil || got != want {
			t.Errorf("got %+v, %v", got, err)
		}
	}
}

// PVE-011: what is wrong is told with the cluster's number, and without any secret.
func TestRefusals(t *testing.T) {
	const good = `{region: r1, url: "https://a", username: u, password: hush}`
	for text, want := range map[string]string{
		`clusters: []`: "clusters is empty",
		``:             "clusters is empty",
		`clusters: [{url: "https://a", username: u, password: hush}]`:                                   "cluster 1: region is needed",
		`clusters: [` + good + `, {region: r2, username: u, password: hush}]`:                           "cluster 2: url",
		`clusters: [` + good + `, {region: r2, url: "https://a"}]`:                                      "cluster 2: credentials are needed",
		`clusters: [` + good + `, {region: r2, url: "https://a", token_id: t}]`:                         "cluster 2: credentials are needed",
		`clusters: [` + good + `, {region: r2, url: "https://a", username: u}]`:                         "cluster 2: username and password",
		`clusters: [{region: r1, url: "https://a", username: u, password: hush, token_id: t}]`:          "cluster 1: there are a token and a user",
		`clusters: [{region: r1, url: "https://a", username: u, password: hush, token_secret_file: f}]`: "cluster 1: there are a token and a user",
		`clusters: [` + good + `, ` + good + `]`:                                                        `cluster 2: region "r1" is that of cluster 1`,
		`clusters: [{region: r1, url: "https://a", username: u, passwort: hush}]`:                       "cluster 1: username and password",
		`clusters: [hush`: "no YAML",
		`clusters: [{region: a/b, url: "https://a", username: u, password: hush}]`: "has a slash",
	} {
		if _, err := cloudconfig.Parse([]byte(text)); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "hush") {
			t.Errorf("%s: %v, want %s", text, err, want)
		}
	}
}

// PVE-010, PVE-011: files suffice, inline values win, and what replaces a file is found.
func TestFiles(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	id, secret := write("id", " u@pve!t\n"), write("secret", "one\n")
	c, err := cloudconfig.Parse([]byte(`clusters: [{region: r1, url: "https://a", token_id_file: "` + id + `", token_secret_file: "` + secret + `"}]`))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"one", "two"} {
		write("secret", want)
		if got, err := c.Clusters[0].Credentials(); err != nil || got.TokenID != "u@pve!t" || got.TokenSecret != want {
			t.Errorf("got %+v, %v", got, err)
		}
	}
	c.Clusters[0].TokenSecret = "inline"
	if got, err := c.Clusters[0].Credentials(); err != nil || got.TokenSecret != "inline" {
		t.Errorf("got %+v, %v", got, err)
	}
	c.Clusters[0].TokenSecret = ""
	write("secret", " \n")
	if _, err := c.Clusters[0].Credentials(); err == nil || !strings.Contains(err.Error(), "is empty") {
		t.Errorf("got %v", err)
	}
	if err := os.Remove(secret); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Clusters[0].Credentials(); err == nil || !strings.Contains(err.Error(), "token secret of region r1") {
		t.Errorf("got %v", err)
	}
}
