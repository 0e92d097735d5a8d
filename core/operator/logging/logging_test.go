// SPDX-License-Identifier: Apache-2.0

package logging_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"runtime/debug"
	"strings"
	"testing"
	"time"

	"github.com/awslabs/operatorpkg/serrors"
	"github.com/go-logr/logr"
	"k8s.io/klog/v2"
	clocktesting "k8s.io/utils/clock/testing"

	"karpenter.sh/core/operator/logging"
	"karpenter.sh/core/operator/options"
)

var start = time.Date(2024, 5, 6, 7, 8, 9, 123456789, time.UTC)

// records runs code with a logger and returns the lines it wrote.
func records(t *testing.T, o logging.Options, write func(logr.Logger)) []string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "log")
	o.OutputPaths, o.ErrorOutputPaths = []string{path}, []string{"stderr"}
	if o.Clock == nil {
		o.Clock = clocktesting.NewFakePassiveClock(start)
	}
	logger, err := logging.New(o)
	if err != nil {
		t.Fatal(err)
	}
	write(logger.Logr())
	logger.Flush()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if len(text) == 0 {
		return nil
	}
	return strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")
}

func withCommit(level options.LogLevel) logging.Options {
	return logging.Options{Level: level, Commit: "0123456"}
}

func TestShape(t *testing.T) {
	tests := []struct {
		name  string
		level options.LogLevel
		write func(logr.Logger)
		want  string
	}{
		{"OPS-072: order of keys", options.LogInfo,
			func(l logr.Logger) { l.WithName("sub").WithValues("context", 1).Info("text", "field", true) },
			`{"level":"INFO","time":"2024-05-06T07:08:09.123Z","logger":"controller.sub","message":"text","commit":"0123456","context":1,"field":true}`},
		{"OPS-072: durations", options.LogInfo,
			func(l logr.Logger) { l.Info("text", "age", time.Minute) },
			`{"level":"INFO","time":"2024-05-06T07:08:09.123Z","logger":"controller","message":"text","commit":"0123456","age":"1m0s"}`},
		{"OPS-072: errors", options.LogInfo,
			func(l logr.Logger) { l.Error(errors.New("broken"), "text", "field", 1) },
			`{"level":"ERROR","time":"2024-05-06T07:08:09.123Z","logger":"controller","message":"text","commit":"0123456","field":1,"error":"broken"}`},
		{"OPS-076: references to objects", options.LogInfo,
			func(l logr.Logger) {
				l.Info("text", "Pod", klog.KRef("default", "web"), "NodePool", klog.KRef("", "general"))
			},
			`{"level":"INFO","time":"2024-05-06T07:08:09.123Z","logger":"controller","message":"text","commit":"0123456","Pod":{"name":"web","namespace":"default"},"NodePool":{"name":"general"}}`},
		{"OPS-077: values of an error", options.LogInfo,
			func(l logr.Logger) {
				l.Error(fmt.Errorf("launching, %w", serrors.Wrap(errors.New("refused"), "zone", "b", "Pod", klog.KRef("default", "web"))), "text")
			},
			`{"level":"ERROR","time":"2024-05-06T07:08:09.123Z","logger":"controller","message":"text","commit":"0123456","error":"launching, refused (Pod=default/web, zone=b)","Pod":{"name":"web","namespace":"default"},"zone":"b"}`},
		{"OPS-077: a key of several errors", options.LogInfo,
			func(l logr.Logger) {
				l.Error(errors.Join(serrors.Wrap(errors.New("x"), "zone", "a"), serrors.Wrap(errors.New("y"), "zone", "b")), "text")
			},
			`{"level":"ERROR","time":"2024-05-06T07:08:09.123Z","logger":"controller","message":"text","commit":"0123456","error":"x (zone=a)\ny (zone=b)","zones":["a","b"]}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			lines := records(t, withCommit(tt.level), tt.write)
			if len(lines) != 1 || lines[0] != tt.want {
				t.Errorf("got\n%s\nwant\n%s", strings.Join(lines, "\n"), tt.want)
			}
		})
	}
}

func TestTimeZone(t *testing.T) {
	east := clocktesting.NewFakePassiveClock(start.In(time.FixedZone("", 2*60*60)))
	lines := records(t, logging.Options{Level: options.LogInfo, Commit: "c", Clock: east}, func(l logr.Logger) { l.Info("text") })
	if !strings.Contains(lines[0], `"time":"2024-05-06T09:08:09.123+0200"`) {
		t.Errorf("OPS-072: %s", lines[0])
	}
}

// traced offers a stack trace to whoever asks for it.
type traced struct{ error }

func (traced) Format(s fmt.State, _ rune) { fmt.Fprint(s, "text\nmain.main\n\tmain.go:1") }

func TestNoStackTraces(t *testing.T) {
	lines := records(t, withCommit(options.LogDebug), func(l logr.Logger) {
		err := traced{errors.New("broken")}
		l.Error(err, "text")
		l.WithValues("cause", err).Info("text", "other", err)
	})
	if text := strings.Join(lines, "\n"); len(lines) != 2 || strings.Contains(text, "main.main") || strings.Contains(text, "stacktrace") {
		t.Errorf("OPS-072: %s", text)
	}
}

func TestLevels(t *testing.T) {
	tests := []struct {
		name  string
		level options.LogLevel
		want  []string
	}{
		{"OPS-073: debug shows no more than V(1)", options.LogDebug, []string{"debug", "info", "error"}},
		{"OPS-073: info", options.LogInfo, []string{"info", "error"}},
		{"OPS-073: error", options.LogError, []string{"error"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var got []string
			for _, line := range records(t, withCommit(tt.level), func(l logr.Logger) {
				l.V(2).Info("library")
				l.V(1).Info("debug")
				l.Info("info")
				l.Error(nil, "error")
			}) {
				var record struct{ Message, Level, Caller string }
				if err := json.Unmarshal([]byte(line), &record); err != nil {
					t.Fatal(err)
				}
				got = append(got, record.Message)
				if record.Level != strings.ToUpper(record.Message) {
					t.Errorf("OPS-072: level of %s", line)
				}
				if hasCaller := regexp.MustCompile(`logging_test\.go:\d+$`).MatchString(record.Caller); hasCaller != (tt.level == options.LogDebug) {
					t.Errorf("OPS-072: caller of %s", line)
				}
			}
			if strings.Join(got, " ") != strings.Join(tt.want, " ") {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestSampling(t *testing.T) {
	clock := clocktesting.NewFakePassiveClock(start)
	o := withCommit(options.LogInfo)
	o.Clock = clock
	count := map[string]int{}
	for _, line := range records(t, o, func(l logr.Logger) {
		for i := range 350 {
			l.Info("often", "i", i)
			l.Error(nil, "often", "i", i)
		}
		l.Info("seldom")
		clock.SetTime(start.Add(time.Second))
		l.Info("often")
	}) {
		var record struct{ Level, Message string }
		if err := json.Unmarshal([]byte(line), &record); err != nil {
			t.Fatal(err)
		}
		count[record.Level+" "+record.Message]++
	}
	// The 100 first, the 200th and the 300th, and one in the next second.
	want := map[string]int{"INFO often": 103, "ERROR often": 102, "INFO seldom": 1}
	if fmt.Sprint(count) != fmt.Sprint(want) {
		t.Errorf("OPS-074: got %v, want %v", count, want)
	}
}

// OPS-074: what becomes of a node is never left out.
func TestLivesAreNotSampled(t *testing.T) {
	life := []string{"created nodeclaim", "launched nodeclaim", "registered nodeclaim", "initialized nodeclaim", "tainted node", "deleting nodeclaim", "deleted node", "deleted nodeclaim", "disrupting node(s)"}
	count := map[string]int{}
	for _, line := range records(t, withCommit(options.LogInfo), func(l logr.Logger) {
		l = l.WithValues("controller", "x")
		for i := range 350 {
			for _, message := range life {
				l.Info(message, "i", i)
			}
		}
	}) {
		var record struct{ Message, Controller string }
		if err := json.Unmarshal([]byte(line), &record); err != nil {
			t.Fatal(err)
		}
		if record.Controller == "x" {
			count[record.Message]++
		}
	}
	for _, message := range life {
		if count[message] != 350 {
			t.Errorf("%d of 350 records %q", count[message], message)
		}
	}
}

// OPS-288: libraries say at debug level that each of their parts starts and ends,
// and do not take the lease that was given up for an error.
func TestBustle(t *testing.T) {
	write := func(l logr.Logger) {
		l.Info("Starting EventSource", "controller", "x")
		l.Info("Starting workers", "controller", "x")
		l.Info("Stopping and waiting for caches")
		l.Info("healthz check failed")
		l.Error(errors.New("leader election lost"), "error received after stop sequence was engaged")
		l.WithName("leaderelection").Error(context.Canceled, "Error retrieving lease lock")
		l.Error(fmt.Errorf("patching: %w", context.Canceled), "Reconciler error")
	}
	if lines := records(t, withCommit(options.LogInfo), write); len(lines) > 0 {
		t.Errorf("at info: %q", lines)
	}
	if lines := records(t, withCommit(options.LogDebug), write); len(lines) != 6 || !strings.Contains(lines[0], `"level":"DEBUG"`) {
		t.Errorf("at debug: %q", lines)
	}
	lines := records(t, withCommit(options.LogInfo), func(l logr.Logger) {
		l.Error(errors.New("broken"), "error received after stop sequence was engaged")
		l.WithName("leaderelection").Error(errors.New("refused"), "Error retrieving lease lock")
		l.Error(errors.New("broken"), "Starting EventSource")
		l.Error(context.DeadlineExceeded, "Reconciler error")
	})
	if len(lines) != 4 {
		t.Errorf("errors: %q", lines)
	}
}

func TestEventAnnouncements(t *testing.T) {
	lines := records(t, withCommit(options.LogDebug), func(l logr.Logger) {
		l.WithName("events").V(1).Info("published")
		l.WithName("events").Info("recorder")
		l.WithName("eventsource").V(1).Info("watching")
	})
	if text := strings.Join(lines, "\n"); len(lines) != 2 || strings.Contains(text, "published") {
		t.Errorf("OPS-078: %s", text)
	}
}

func TestCommit(t *testing.T) {
	setting := func(pairs ...string) *debug.BuildInfo {
		info := &debug.BuildInfo{}
		for i := 0; i < len(pairs); i += 2 {
			info.Settings = append(info.Settings, debug.BuildSetting{Key: pairs[i], Value: pairs[i+1]})
		}
		return info
	}
	tests := []struct {
		name string
		info *debug.BuildInfo
		want string
	}{
		{"OPS-075: first seven characters", setting("vcs.revision", "0123456789", "vcs.modified", "false"), "0123456"},
		{"OPS-075: modified tree", setting("vcs.revision", "0123456789", "vcs.modified", "true"), "0123456-dirty"},
		{"OPS-075: no revision", setting("vcs.modified", "true"), ""},
		{"OPS-075: no build information", nil, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := logging.Commit(tt.info); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
	t.Run("OPS-075: its absence is told once", func(t *testing.T) {
		lines := records(t, logging.Options{Level: options.LogInfo}, func(l logr.Logger) { l.Info("text") })
		if len(lines) != 2 || !strings.Contains(lines[0], "no revision") || strings.Contains(lines[1], `"commit"`) {
			t.Errorf("got %q", lines)
		}
	})
}

func TestSinks(t *testing.T) {
	missing := filepath.Join(t.TempDir(), "missing", "log")
	for _, o := range []logging.Options{
		{OutputPaths: []string{missing}, ErrorOutputPaths: []string{"stderr"}},
		{OutputPaths: []string{"stderr"}, ErrorOutputPaths: []string{missing}},
	} {
		o.Clock = clocktesting.NewFakePassiveClock(start)
		if _, err := logging.New(o); err == nil || !strings.Contains(err.Error(), missing) {
			t.Errorf("OPS-024: error %v does not name %s", err, missing)
		}
	}
	several := []string{filepath.Join(t.TempDir(), "a"), filepath.Join(t.TempDir(), "b")}
	logger, err := logging.New(logging.Options{OutputPaths: several, ErrorOutputPaths: []string{"stderr"}, Commit: "c", Clock: clocktesting.NewFakePassiveClock(start)})
	if err != nil {
		t.Fatal(err)
	}
	logger.Logr().Info("text")
	for _, path := range several {
		if text, err := os.ReadFile(path); err != nil || !strings.Contains(string(text), `"message":"text"`) {
			t.Errorf("OPS-024: sink %s has %q, %v", path, text, err)
		}
	}
}
