// SPDX-License-Identifier: Apache-2.0

package trace_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"karpenter.sh/core/simulation/trace"
)

func write(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "pods.csv")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

const header = "name,cpu_milli,memory_mib,creation_time,deletion_time\n"

// What is wrong with a list is told with file, line and column.
func TestWhatIsWrongWithAList(t *testing.T) {
	for _, tc := range []struct{ why, text, want string }{
		{"no number", header + "a,1,1,0,\nb,x,1,0,\n", `line 3, column 3 (cpu_milli): "x" is no whole number`},
		{"less than nothing", header + "a,1,-1,0,\n", "line 2, column 5 (memory_mib): less than nothing"},
		{"deleted too early", header + "a,1,1,9,8\n", "line 2, column 9 (deletion_time): the pod is deleted before it is created"},
		{"a column is missing", "name,cpu_milli\n", `line 1: there is no column "memory_mib"`},
		{"a cell is missing", header + "a,1\n", "record on line 2"},
		{"too large to be a time", header + "a,1,1,99999999999,\n", "line 2, column 7 (creation_time): too large"},
		{"nothing", "", "its header"},
	} {
		t.Run(tc.why, func(t *testing.T) {
			path := write(t, tc.text)
			_, err := trace.Read(path, time.Hour)
			if err == nil || !strings.Contains(err.Error(), tc.want) || !strings.Contains(err.Error(), path) {
				t.Errorf("got %v, want %q of %s", err, tc.want, path)
			}
		})
	}
	if _, err := trace.Read(filepath.Join(t.TempDir(), "none"), time.Hour); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v for a file that is not there", err)
	}
}

// The last part of a list begins with the pods that were there then.
func TestTheLastPartOfAList(t *testing.T) {
	list := header + "over,1000,1,0,100\nstays,2000,1,10,\nends,3000,1,20,4000\ncomes,2000,1,3700,4600\n"
	got, err := trace.Read(write(t, list), time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	type change struct {
		at   time.Duration
		slot int
		cpu  int64
	}
	want := []change{{0, 0, 2000}, {0, 1, 3000}, {2700 * time.Second, 2, 2000}, {3000 * time.Second, 1, 0}}
	if got.Length != time.Hour || got.Slots != 3 || len(got.Changes) != len(want) {
		t.Fatalf("got %+v", got)
	}
	for i, c := range got.Changes {
		cpu := int64(0)
		if c.Shape != nil {
			cpu = c.Shape.CPU
		}
		if (change{c.At, c.Slot, cpu}) != want[i] {
			t.Errorf("change %d is %+v, want %+v", i, c, want[i])
		}
	}
}

// Workloads are the same for the same seed, in order of time, and end within their
// length.
func TestWorkloads(t *testing.T) {
	for name, of := range map[string]func(seed uint64) *trace.Trace{
		"fixed":    func(seed uint64) *trace.Trace { return trace.Fixed(seed, 100) },
		"small":    trace.Small,
		"services": func(seed uint64) *trace.Trace { return trace.Services(seed, 100) },
		"bursts":   trace.Bursts,
		"daily":    func(seed uint64) *trace.Trace { return trace.Daily(seed, 100) },
	} {
		t.Run(name, func(t *testing.T) {
			got, same, other := of(1), of(1), of(2)
			differs, last := len(got.Changes) != len(other.Changes), time.Duration(0)
			for i, c := range got.Changes {
				if s := same.Changes[i]; s.At != c.At || s.Slot != c.Slot || (s.Shape == nil) != (c.Shape == nil) || s.Shape != nil && *s.Shape != *c.Shape {
					t.Fatalf("change %d is %+v, and again %+v", i, c, s)
				}
				differs = differs || c.Shape != nil && (other.Changes[i].Shape == nil || *other.Changes[i].Shape != *c.Shape)
				if c.At < last || c.At >= got.Length || c.Slot >= got.Slots {
					t.Fatalf("change %d at %s of slot %d, after %s", i, c.At, c.Slot, last)
				}
				last = c.At
			}
			if !differs || len(got.Changes) < 50 {
				t.Errorf("%d changes, whatever the seed", len(got.Changes))
			}
		})
	}
}
