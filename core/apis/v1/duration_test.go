// SPDX-License-Identifier: Apache-2.0

package v1_test

import (
	"encoding/json"
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/runtime"

	v1 "karpenter.sh/core/apis/v1"
)

func TestDurationValue(t *testing.T) {
	for name, test := range map[string]struct {
		text   v1.NillableDuration
		want   time.Duration
		finite bool
	}{
		"API-051 one part":                         {"60m", time.Hour, true},
		"API-051 several parts":                    {"1h30m5s", time.Hour + 30*time.Minute + 5*time.Second, true},
		"API-051 any order":                        {"5s1h", time.Hour + 5*time.Second, true},
		"API-051 repeated parts are summed":        {"1m1m", 2 * time.Minute, true},
		"API-051 leading zeros":                    {"007s", 7 * time.Second, true},
		"API-018 zero":                             {"0s", 0, true},
		"API-051 Never":                            {v1.Never, 0, false},
		"API-051 unset":                            {"", 0, false},
		"API-051 Never is case-sensitive":          {"never", 0, false},
		"API-051 days are no unit":                 {"1d", 0, false},
		"API-051 milliseconds are no unit":         {"1ms", 0, false},
		"API-051 a sign":                           {"-1s", 0, false},
		"API-051 no unit":                          {"10", 0, false},
		"API-051 no number":                        {"h", 0, false},
		"API-051 a fraction":                       {"1.5h", 0, false},
		"API-051 a tail":                           {"1hr", 0, false},
		"API-054 the greatest number of hours":     {"2562047h", 2562047 * time.Hour, true},
		"API-054 one hour more":                    {"2562048h", math.MaxInt64, true},
		"API-054 the sum overflows":                {"2562047h60m", math.MaxInt64, true},
		"API-054 the number overflows":             {"99999999999999999999s", math.MaxInt64, true},
		"API-054 the number is just above the top": {"9223372036854775808s", math.MaxInt64, true},
	} {
		t.Run(name, func(t *testing.T) {
			if got, finite := test.text.Value(); got != test.want || finite != test.finite {
				t.Errorf("NillableDuration(%q).Value() = %s, %t; want %s, %t", test.text, got, finite, test.want, test.finite)
			}
			if got, set := v1.Duration(test.text).Value(); got != test.want || set != test.finite {
				t.Errorf("Duration(%q).Value() = %s, %t; want %s, %t", test.text, got, set, test.want, test.finite)
			}
		})
	}
}

// API-051: what is written is in the grammar that admission accepts.
func TestDurationOf(t *testing.T) {
	for span, want := range map[time.Duration]v1.Duration{
		0:                               "0s",
		-time.Hour:                      "0s",
		time.Second - 1:                 "0s",
		5 * time.Second:                 "5s",
		time.Minute:                     "1m",
		10 * time.Minute:                "10m",
		20*time.Hour + 20*time.Second:   "20h0m20s",
		720 * time.Hour:                 "720h",
		90 * time.Minute:                "1h30m",
		90*time.Minute + 20*time.Second: "1h30m20s",
		100*time.Second + 5:             "1m40s",
	} {
		if got := v1.DurationOf(span); got != want {
			t.Errorf("DurationOf(%s) = %q, want %q", span, got, want)
		}
		if got := v1.NillableDurationOf(span); string(got) != string(want) {
			t.Errorf("NillableDurationOf(%s) = %q, want %q", span, got, want)
		}
	}
}

// What was read is written back as it was.
func TestRoundTrip(t *testing.T) {
	for name, text := range map[string]string{
		"API-052 the spelling of durations": `{"expireAfter":"60m","terminationGracePeriod":"90s"}`,
		"API-053 Never is written":          `{"expireAfter":"Never"}`,
		"API-054 an overflow":               `{"expireAfter":"99999999999999999999h","terminationGracePeriod":"9999999h"}`,
		"API-028 empty lists are kept":      `{"taints":[],"startupTaints":[]}`,
		"API-057 empty values are kept":     `{"requirements":[{"key":"a","operator":"Exists","values":[]}]}`,
	} {
		t.Run(name, func(t *testing.T) {
			fields := decode[map[string]any](t, text)
			fields["nodeClassRef"] = map[string]any{"group": "g", "kind": "k", "name": "n"}
			if fields["requirements"] == nil {
				fields["requirements"] = []any{}
			}
			template := decode[v1.NodeClaimTemplateSpec](t, encode(t, fields))
			if diff := cmp.Diff(fields, decode[map[string]any](t, encode(t, template))); diff != "" {
				t.Errorf("as JSON (-read +written):\n%s", diff)
			}
			unstructured, err := runtime.DefaultUnstructuredConverter.ToUnstructured(&template)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(fields, unstructured); diff != "" {
				t.Errorf("as unstructured fields (-read +written):\n%s", diff)
			}
		})
	}
}

// API-028
func TestRoundTripOfEmptyFields(t *testing.T) {
	for name, text := range map[string]string{
		"no budgets is not the default budget":  `{"budgets":[],"consolidateAfter":"0s"}`,
		"no reasons is every reason":            `{"budgets":[{"nodes":"1","reasons":[]}]}`,
		"an absent budget list stays absent":    `{"consolidationPolicy":"WhenEmpty"}`,
		"Never of consolidation is written":     `{"consolidateAfter":"Never"}`,
		"a schedule is written with its window": `{"budgets":[{"nodes":"1","schedule":"@daily","duration":"1h0s"}]}`,
	} {
		t.Run(name, func(t *testing.T) {
			got := encode(t, decode[v1.Disruption](t, text))
			if diff := cmp.Diff(decode[any](t, text), decode[any](t, got)); diff != "" {
				t.Errorf("(-read +written):\n%s", diff)
			}
		})
	}
	meta := `{"labels":{},"annotations":{}}`
	if got := encode(t, decode[v1.ObjectMeta](t, meta)); got != meta {
		t.Errorf("template metadata %s is written as %s", meta, got)
	}
}

// API-054
func TestNullIsAbsent(t *testing.T) {
	spec := decode[v1.NodeClaimSpec](t, `{"expireAfter":null,"terminationGracePeriod":null}`)
	if spec.ExpireAfter != "" || spec.TerminationGracePeriod != "" {
		t.Errorf("null is read as %q and %q", spec.ExpireAfter, spec.TerminationGracePeriod)
	}
}

// API-054
func TestOverflowDoesNotBreakAList(t *testing.T) {
	list := decode[v1.NodeClaimList](t, `{"items":[{"spec":{"expireAfter":"99999999999999999999h"}},{"metadata":{"name":"other"}}]}`)
	if len(list.Items) != 2 || list.Items[1].Name != "other" {
		t.Errorf("the list is read as %v", list.Items)
	}
}

func decode[T any](t *testing.T, text string) T {
	t.Helper()
	var value T
	if err := json.Unmarshal([]byte(text), &value); err != nil {
		t.Fatalf("decoding %s: %v", text, err)
	}
	return value
}

func encode(t *testing.T, value any) string {
	t.Helper()
	text, err := json.Marshal(value)
	if err != nil {
		t.Fatalf("encoding %v: %v", value, err)
	}
	return string(text)
}
