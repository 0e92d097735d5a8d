// SPDX-License-Identifier: Apache-2.0

package userdata_test

import (
	"encoding/base64"
	"errors"
	"maps"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/pelletier/go-toml/v2"
	corev1 "k8s.io/api/core/v1"
	"pgregory.net/rapid"
	"sigs.k8s.io/yaml"

	"karpenter.sh/core/cloudprovider/kit/bootstrap"
	v1 "karpenter.sh/providers/aws/apis/v1"
	"karpenter.sh/providers/aws/userdata"
)

// hostile are texts with all that shells, PowerShell, TOML, YAML and MIME take for
// their own.
func hostile() *rapid.Generator[string] {
	return rapid.StringOfN(rapid.SampledFrom([]rune("ab'\"$`\\(){};&|<>#*?~!%=, \t\n\r:[]-\u2018\u2019\u201a\u201b\u201c\u201d\u2028é/")), 0, 12, -1)
}

// plain are texts as labels and taints have them.
func plain() *rapid.Generator[string] { return rapid.StringMatching(`[a-zA-Z0-9._-]{0,8}`) }

// hostileInput is a machine whose cluster is called anything, and whose labels and
// taints are so too if values is hostile.
func hostileInput(t *rapid.T, base userdata.Input, values *rapid.Generator[string]) userdata.Input {
	for _, at := range []*string{&base.Cluster.Name, &base.Cluster.Endpoint, &base.Cluster.CABundle, &base.Cluster.DNSIP} {
		*at = hostile().Draw(t, "cluster")
	}
	base.Registration = bootstrap.Registration{Labels: map[string]string{"key": values.Draw(t, "label")}}
	base.Registration.Taints = []corev1.Taint{{Key: "taint", Value: values.Draw(t, "taint"), Effect: corev1.TaintEffectNoSchedule}}
	return base
}

// flags are the kubelet arguments of hostileInput, as the kubelet is to read them.
func flags(in userdata.Input) []string {
	return []string{
		"--node-labels=karpenter.sh/do-not-sync-taints=true,key=" + in.Registration.Labels["key"],
		"--register-with-taints=taint=" + in.Registration.Taints[0].Value + ":NoSchedule",
		"--max-pods=58",
	}
}

// words runs a command line in bash and returns the words that the command got.
func words(t *rapid.T, bash, line string) []string {
	out, err := exec.Command(bash, "-c", "words() { printf '%s\\0' \"$@\"; }\nwords "+line).Output()
	if err != nil {
		t.Fatalf("%v in %q", err, line)
	}
	return strings.Split(strings.TrimSuffix(string(out), "\x00"), "\x00")
}

// AWS-163, KIT-188: each value is one word of the script, whatever it holds, and the
// kubelet's arguments are so once they are read again; or nothing is rendered.
func TestShellWords(t *testing.T) {
	bash, err := exec.LookPath("bash")
	if err != nil {
		t.Skip("bash is not installed: it did not judge the words of the script")
	}
	base := input(t, v1.AMIFamilyAL2)
	for name, values := range map[string]*rapid.Generator[string]{"plain": plain(), "hostile": hostile()} {
		rapid.Check(t, func(t *rapid.T) {
			in := hostileInput(t, base, values)
			text, err := userdata.Render(in)
			if err != nil {
				if name == "plain" {
					t.Fatal(err)
				}
				return
			}
			data, _ := base64.StdEncoding.DecodeString(text)
			_, bodies := parts(t, string(data))
			_, line, _ := strings.Cut(bodies[0], "\n/etc/eks/bootstrap.sh ")
			got := words(t, bash, line)
			want := []string{in.Cluster.Name, "--apiserver-endpoint", in.Cluster.Endpoint, "--b64-cluster-ca", in.Cluster.CABundle}
			if in.Cluster.DNSIP != "" {
				want = append(want, "--dns-cluster-ip", in.Cluster.DNSIP)
			}
			want = append(want, "--use-max-pods", "false", "--kubelet-extra-args")
			normalized(want)
			if len(got) != len(want)+1 || !slices.Equal(got[:len(want)], want) {
				t.Fatalf("words %q, want %q", got, want)
			}
			if got := words(t, bash, got[len(want)]); !slices.Equal(got, flags(in)) {
				t.Fatalf("kubelet arguments %q, want %q", got, flags(in))
			}
		})
	}
}

// normalized undoes what an archive does to line ends.
func normalized(texts []string) {
	for i := range texts {
		texts[i] = strings.ReplaceAll(texts[i], "\r\n", "\n")
	}
}

// single reads words of PowerShell that are plain or in single quotes, of which it
// knows five; a doubled one stands for itself.
func single(line string) ([]string, error) {
	const quotes = "'\u2018\u2019\u201a\u201b"
	var out []string
	runes := []rune(line)
	for i := 0; i < len(runes); i++ {
		var word strings.Builder
		switch {
		case runes[i] == ' ':
			continue
		case !strings.ContainsRune(quotes, runes[i]):
			for ; i < len(runes) && runes[i] != ' '; i++ {
				if strings.ContainsRune("'\"$`;|&(){}<>\n\u2018\u2019\u201a\u201b\u201c\u201d\u201e", runes[i]) {
					return nil, errors.New("a special character outside of quotes")
				}
				word.WriteRune(runes[i])
			}
		default:
			for i++; ; i++ {
				if i >= len(runes) {
					return nil, errors.New("a quote without end")
				}
				if strings.ContainsRune(quotes, runes[i]) {
					if i+1 == len(runes) || !strings.ContainsRune(quotes, runes[i+1]) {
						break
					}
					i++
				}
				word.WriteRune(runes[i])
			}
			if i+1 < len(runes) && runes[i+1] != ' ' {
				return nil, errors.New("a word goes on after its quotes")
			}
		}
		out = append(out, word.String())
	}
	return out, nil
}

// AWS-167, KIT-188: the same in PowerShell; and the block ends where we end it.
func TestPowerShellWords(t *testing.T) {
	bash, _ := exec.LookPath("bash")
	base := input(t, v1.AMIFamilyWindows2022)
	rapid.Check(t, func(t *rapid.T) {
		values := plain()
		if rapid.Bool().Draw(t, "hostile") {
			values = hostile()
		}
		in := hostileInput(t, base, values)
		in.Cluster.Name += rapid.SampledFrom([]string{"", "</powershell>", "</PowerShell>"}).Draw(t, "tag")
		text, err := userdata.Render(in)
		if strings.HasSuffix(strings.ToLower(in.Cluster.Name), ">") && strings.Contains(strings.ToLower(in.Cluster.Name), "</powershell>") {
			if err == nil {
				t.Fatal("a name ends the block")
			}
			return
		}
		if err != nil {
			return
		}
		data, _ := base64.StdEncoding.DecodeString(text)
		block, found := strings.CutPrefix(string(data), "<powershell>\n& \"$env:ProgramFiles\\Amazon\\EKS\\Start-EKSBootstrap.ps1\" ")
		block, ended := strings.CutSuffix(block, "\n</powershell>\n")
		if !found || !ended || strings.Contains(block, "powershell>") {
			t.Fatalf("user data %q", data)
		}
		got, err := single(block)
		if err != nil {
			t.Fatalf("%v in %q", err, block)
		}
		want := []string{"-EKSClusterName", in.Cluster.Name, "-APIServerEndpoint", in.Cluster.Endpoint, "-Base64ClusterCA", in.Cluster.CABundle, "-KubeletExtraArgs", got[min(7, len(got)-1)]}
		if in.Cluster.DNSIP != "" {
			want = append(want, "-DNSClusterIP", in.Cluster.DNSIP)
		}
		if !slices.Equal(got, want) {
			t.Fatalf("words %q, want %q", got, want)
		}
		if bash == "" {
			return
		}
		if got := words(t, bash, got[7]); !slices.Equal(got, flags(in)) {
			t.Fatalf("kubelet arguments %q, want %q", got, flags(in))
		}
	})
}

// AWS-164, AWS-165: TOML and YAML libraries read back what was put in.
func TestDocumentsReadBack(t *testing.T) {
	base := input(t, "")
	rapid.Check(t, func(t *rapid.T) {
		in := hostileInput(t, base, hostile())
		in.Family = v1.AMIFamilyBottlerocket
		var settings struct {
			Settings struct {
				Kubernetes struct {
					Name     string              `toml:"cluster-name"`
					Endpoint string              `toml:"api-server"`
					CA       string              `toml:"cluster-certificate"`
					Labels   map[string]string   `toml:"node-labels"`
					Taints   map[string][]string `toml:"node-taints"`
				}
			}
		}
		if err := toml.Unmarshal([]byte(decoded(t, in)), &settings); err != nil {
			t.Fatal(err)
		}
		labels := map[string]string{"key": in.Registration.Labels["key"], "karpenter.sh/do-not-sync-taints": "true"}
		k := settings.Settings.Kubernetes
		if k.Name != in.Cluster.Name || k.Endpoint != in.Cluster.Endpoint || k.CA != in.Cluster.CABundle || !maps.Equal(k.Labels, labels) ||
			!slices.Equal(k.Taints["taint"], []string{in.Registration.Taints[0].Value + ":NoSchedule"}) {
			t.Fatalf("read back %+v", k)
		}

		in.Family = v1.AMIFamilyAL2023
		text, err := userdata.Render(in)
		if err != nil {
			return // of labels that a shell would change
		}
		data, _ := base64.StdEncoding.DecodeString(text)
		_, bodies := parts(t, string(data))
		var config struct {
			Spec struct {
				Cluster struct{ Name, APIServerEndpoint, CertificateAuthority string }
				Kubelet struct {
					Config struct{ RegisterWithTaints []corev1.Taint }
					Flags  []string
				}
			}
		}
		if err := yaml.Unmarshal([]byte(bodies[0]), &config); err != nil {
			t.Fatal(err)
		}
		c := config.Spec
		if c.Cluster.Name != in.Cluster.Name || c.Cluster.APIServerEndpoint != in.Cluster.Endpoint || c.Cluster.CertificateAuthority != in.Cluster.CABundle ||
			!slices.Equal(c.Kubelet.Config.RegisterWithTaints, in.Registration.Taints) ||
			!slices.Equal(c.Kubelet.Flags, []string{`--node-labels="karpenter.sh/do-not-sync-taints=true,key=` + in.Registration.Labels["key"] + `"`}) {
			t.Fatalf("read back %+v", c)
		}
	})
}

// AWS-161: equal input gives equal bytes, in whatever order maps were filled.
func TestEqualBytes(t *testing.T) {
	for _, family := range append(linux(), v1.AMIFamilyWindows2022) {
		in := input(t, family)
		in.Kubelet, in.Configuration = configured(t, family, all)
		in.InstanceStoreRAID0 = true
		want := decoded(t, in)
		rapid.Check(t, func(t *rapid.T) {
			again := in
			again.Registration.Labels = permuted(t, in.Registration.Labels)
			again.Kubelet.KubeReserved = permuted(t, in.Kubelet.KubeReserved)
			again.Kubelet.SystemReserved = permuted(t, in.Kubelet.SystemReserved)
			again.Kubelet.EvictionHard = permuted(t, in.Kubelet.EvictionHard)
			again.Configuration.Object = permuted(t, in.Configuration.Object)
			if got := decoded(t, again); got != want {
				t.Fatalf("got\n%s\nwant\n%s", got, want)
			}
		})
		if _, added := in.Registration.Labels["karpenter.sh/do-not-sync-taints"]; added {
			t.Errorf("%s: the labels of the input were changed", family)
		}
	}
}

// permuted is the map filled in another order, among keys that come and go.
func permuted[M ~map[K]V, K ~string, V any](t *rapid.T, m M) M {
	out := M{}
	for i, key := range rapid.Permutation(slices.Sorted(maps.Keys(m))).Draw(t, "order") {
		out[K(strings.Repeat("x", i+100))] = m[key]
		out[key] = m[key]
	}
	for key := range maps.Clone(out) {
		if _, there := m[key]; !there {
			delete(out, key)
		}
	}
	return out
}

// AWS-088, CP-111: whatever a user brings, it is refused, or ours is the last part
// of the archive and the user's are before it, whole.
func TestWhateverUsersBring(t *testing.T) {
	seeds := []string{file(t, "user.sh"), file(t, "user.mime"), file(t, "user-nodeconfig.mime"), file(t, "user.yaml"), file(t, "user.toml"), file(t, "user.ps1")}
	lines := rapid.SampledFrom([]string{"--//", "--//--", "--//1", "--//1--", "--BOUNDARY--", "MIME-Version: 1.0", "Content-Type: text/plain", "", "a: b", "[settings]", "</powershell>", "'", "\x00", "\xff"})
	rapid.Check(t, func(t *rapid.T) {
		custom := rapid.SampledFrom(append(seeds, "", "#!/bin/sh\n")).Draw(t, "seed")
		for range rapid.IntRange(0, 3).Draw(t, "changes") {
			at := rapid.IntRange(0, len(custom)).Draw(t, "at")
			custom = custom[:at] + "\n" + lines.Draw(t, "line") + "\n" + custom[at:]
		}
		for _, family := range append(linux(), v1.AMIFamilyWindows2022) {
			if userdata.Check(family, custom) != nil || family == v1.AMIFamilyBottlerocket {
				continue
			}
			data := decoded(t, userdata.Input{Family: family, Cluster: cluster(), Custom: custom})
			switch family {
			case v1.AMIFamilyWindows2022:
				if strings.Count(data, "<powershell>") != 1 || strings.Count(data, "</powershell>") != 1 {
					t.Fatalf("blocks in %q", data)
				}
			default:
				_, bodies := parts(t, data)
				if last := bodies[len(bodies)-1]; !strings.Contains(last, "0123456789ABCDEF.gr7") {
					t.Fatalf("the last part is %q", last)
				}
				if strings.HasPrefix(custom, "#!") && (len(bodies) != 2 || strings.TrimSpace(bodies[0]) != strings.TrimSpace(custom)) {
					t.Fatalf("the script %q became %q", custom, bodies)
				}
			}
		}
	})
}
