// SPDX-License-Identifier: Apache-2.0

package errortable_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/cloudprovider/kit/errortable"
	"karpenter.sh/core/cloudprovider/kit/health"
)

const capacity = cloudprovider.ClassInsufficientCapacity

func table(t testing.TB, rows ...errortable.Row) *errortable.Table {
	t.Helper()
	out, err := errortable.New(rows...)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestMatch(t *testing.T) { // KIT-060
	failure := errortable.Failure{Code: "VcpuLimitExceeded", Message: "Current limit: 0 of m5", HTTPStatus: 409}
	for _, tc := range []struct {
		why  string
		when errortable.Match
		want bool
	}{
		{"everything", errortable.Match{}, true},
		{"the code", errortable.Match{Code: "VcpuLimitExceeded"}, true},
		{"the code in other case", errortable.Match{Code: "vcpulimitexceeded"}, true},
		{"a part of the code only", errortable.Match{Code: "VcpuLimit"}, false},
		{"a pattern", errortable.Match{Code: "Vcpu*Exceeded"}, true},
		{"a pattern of another code", errortable.Match{Code: "Volume*"}, false},
		{"brackets are nothing special", errortable.Match{Code: "[Vv]cpuLimitExceeded"}, false},
		{"a text in the message", errortable.Match{Texts: []string{"current limit: 0"}}, true},
		{"a text in the code", errortable.Match{Texts: []string{"VcpuLimit"}}, true},
		{"all texts", errortable.Match{Texts: []string{"VcpuLimit", "m5"}}, true},
		{"one text of two", errortable.Match{Texts: []string{"VcpuLimit", "c5"}}, false},
		{"the status", errortable.Match{Status: 409}, true},
		{"another status", errortable.Match{Status: 400}, false},
		{"within a range", errortable.Match{Status: 400, StatusTo: 409}, true},
		{"outside a range", errortable.Match{Status: 410, StatusTo: 500}, false},
		{"the capacity type", errortable.Match{CapacityType: "spot"}, true},
		{"another capacity type", errortable.Match{CapacityType: "on-demand"}, false},
		{"the code, but another status", errortable.Match{Code: "VcpuLimitExceeded", Status: 400}, false},
	} {
		t.Run(tc.why, func(t *testing.T) {
			v := table(t, errortable.Row{Name: "row", When: tc.when}).Classify(failure, health.Offering{CapacityType: "spot"})
			if got := v.Row == "row"; got != tc.want {
				t.Errorf("matched is %t", got)
			}
		})
	}
}

// KIT-061: the first decides; what is not known is plain and marks nothing.
func TestFirstMatch(t *testing.T) {
	tab := table(t,
		errortable.Row{Name: "zero", When: errortable.Match{Code: "Quota", Texts: []string{"Limit: 0"}}, Class: capacity, Marks: []errortable.Parts{errortable.CapacityType}, TTL: time.Hour, Reason: "Quota"},
		errortable.Row{Name: "quota", When: errortable.Match{Code: "Quota"}, Class: capacity},
	)
	spot := health.Offering{CapacityType: "spot"}
	for message, want := range map[string]string{"Limit: 0": "zero", "Limit: 8": "quota"} {
		if v := tab.Classify(errortable.Failure{Code: "Quota", Message: message}, spot); v.Row != want {
			t.Errorf("%s: row %s", message, v.Row)
		}
	}
	cause := errors.New("cause")
	v := tab.Classify(errortable.Failure{Code: "New", Cause: cause}, spot)
	if v.Row != "" || v.Marks != nil || !errors.Is(v.Err, cause) || cloudprovider.ClassOf(v.Err) != cloudprovider.ClassOther || v.Reason != "LaunchFailed" {
		t.Errorf("got %+v", v)
	}
}

func TestClasses(t *testing.T) { // KIT-062
	cause := errors.New("cause")
	for _, class := range []cloudprovider.ErrorClass{
		cloudprovider.ClassOther, capacity, cloudprovider.ClassNodeClassNotReady, cloudprovider.ClassCreateError, cloudprovider.ClassNodeClaimNotFound,
	} {
		v := table(t, errortable.Row{Name: "r", Class: class, Reason: "Why"}).Classify(errortable.Failure{Message: "said", Cause: cause})
		if cloudprovider.ClassOf(v.Err) != class || !errors.Is(v.Err, cause) || v.Reason != "Why" {
			t.Errorf("class %d: got %+v", class, v)
		}
		if e, ok := cloudprovider.AsCreateError(v.Err); ok && (e.Reason != "Why" || e.Message != "said") {
			t.Errorf("got %+v", e)
		}
	}
	v := table(t, errortable.Row{Name: "r", Class: cloudprovider.ClassCreateError, Reason: "Why", Message: "ours"}).Classify(errortable.Failure{Code: "C", Message: "said"})
	if e, _ := cloudprovider.AsCreateError(v.Err); e.Message != "ours" || e.Error() != "creating nodeclaim, C: said" {
		t.Errorf("got %+v", e)
	}
}

func TestMarks(t *testing.T) { // KIT-063
	full := health.Offering{
		CapacityType: "spot", InstanceType: "m5.large", Family: "m5", VCPUs: 2, Zone: "a", NodePool: "p",
		Places: []string{"group", "group/1"}, Networks: []string{"n1", "n2"},
	}
	for _, tc := range []struct {
		why     string
		parts   errortable.Parts
		attempt health.Offering
		want    []health.Scope
	}{
		{"an offering", errortable.Offering, full, []health.Scope{{CapacityType: "spot", InstanceType: "m5.large", Zone: "a"}}},
		{"a pool's offering", errortable.Offering | errortable.NodePool, full, []health.Scope{{CapacityType: "spot", InstanceType: "m5.large", Zone: "a", NodePool: "p"}}},
		{"the narrowest place", errortable.Zone | errortable.Place, full, []health.Scope{{Zone: "a", Place: "group/1"}}},
		{"without a place", errortable.Zone | errortable.Place, health.Offering{Zone: "a"}, []health.Scope{{Zone: "a"}}},
		{"a family", errortable.Family, full, []health.Scope{{Family: "m5"}}},
		{"a family from a size", errortable.FamilyFrom | errortable.CapacityType, full, []health.Scope{{CapacityType: "spot", Family: "m5", MinVCPUs: 2}}},
		{"a family from an unknown size is not the family", errortable.FamilyFrom, health.Offering{Family: "m5"}, nil},
		{"each network", errortable.Network, full, []health.Scope{{Network: "n1"}, {Network: "n2"}}},
		{"no network is not every network", errortable.Network | errortable.Zone, health.Offering{Zone: "a"}, nil},
		{"no zone is not every zone", errortable.Offering, health.Offering{CapacityType: "spot", InstanceType: "m5.large"}, nil},
		{"no pool is not every pool", errortable.NodePool | errortable.Zone, health.Offering{Zone: "a"}, nil},
	} {
		t.Run(tc.why, func(t *testing.T) {
			tab := table(t, errortable.Row{Name: "r", Class: capacity, Marks: []errortable.Parts{tc.parts}, TTL: time.Minute, Reason: "R"})
			var got []health.Scope
			for _, m := range tab.Classify(errortable.Failure{}, tc.attempt, tc.attempt).Marks { // the same twice is one
				got = append(got, m.Scope)
				if m.TTL != time.Minute || m.Reason != "R" {
					t.Errorf("got %+v", m)
				}
			}
			if !slices.Equal(got, tc.want) {
				t.Errorf("got %v, want %v", got, tc.want)
			}
		})
	}
}

// KIT-061: a row for spot says nothing about what was tried on demand with it.
func TestMarksOfOneCapacityType(t *testing.T) {
	tab := table(t, errortable.Row{
		Name: "r", When: errortable.Match{CapacityType: "spot"}, Class: capacity,
		Marks: []errortable.Parts{errortable.CapacityType}, TTL: time.Minute, Reason: "R",
	})
	v := tab.Classify(errortable.Failure{}, health.Offering{CapacityType: "spot"}, health.Offering{CapacityType: "on-demand"})
	if len(v.Marks) != 1 || v.Marks[0].Scope != (health.Scope{CapacityType: "spot"}) {
		t.Errorf("got %+v", v.Marks)
	}
}

func TestRefused(t *testing.T) { // KIT-064
	const create = cloudprovider.ClassCreateError
	offering, minute := []errortable.Parts{errortable.Offering}, time.Minute
	row := func(name string, m errortable.Match) errortable.Row { return errortable.Row{Name: name, When: m} }
	for _, tc := range []struct {
		why  string
		rows []errortable.Row
		want error
	}{
		{"no name", []errortable.Row{row("", errortable.Match{})}, errortable.ErrName},
		{"a name twice", []errortable.Row{row("r", errortable.Match{Code: "a"}), row("r", errortable.Match{Code: "b"})}, errortable.ErrName},
		{"the same match twice", []errortable.Row{row("a", errortable.Match{Code: "X"}), row("b", errortable.Match{Code: "x"})}, errortable.ErrDuplicate},
		{"behind everything", []errortable.Row{row("a", errortable.Match{}), row("b", errortable.Match{Code: "X"})}, errortable.ErrUnreachable},
		{"behind a pattern", []errortable.Row{row("a", errortable.Match{Code: "X*"}), row("b", errortable.Match{Code: "XY*"})}, errortable.ErrUnreachable},
		{"behind a wider range", []errortable.Row{row("a", errortable.Match{Status: 500, StatusTo: 599}), row("b", errortable.Match{Status: 503})}, errortable.ErrUnreachable},
		{"behind a shorter text", []errortable.Row{row("a", errortable.Match{Texts: []string{"limit"}}), row("b", errortable.Match{Code: "VcpuLimit"})}, errortable.ErrUnreachable},
		{"behind any capacity type", []errortable.Row{row("a", errortable.Match{Code: "X"}), row("b", errortable.Match{Code: "X", CapacityType: "spot"})}, errortable.ErrUnreachable},
		{"marks without time to live", []errortable.Row{{Name: "r", Class: capacity, Marks: offering, Reason: "R"}}, errortable.ErrTTL},
		{"time to live without marks", []errortable.Row{{Name: "r", Class: capacity, TTL: minute}}, errortable.ErrTTL},
		{"marks without reason", []errortable.Row{{Name: "r", Class: capacity, Marks: offering, TTL: minute}}, errortable.ErrReason},
		{"a CreateError without reason", []errortable.Row{{Name: "r", Class: create}}, errortable.ErrReason},
		{"a sentence as reason", []errortable.Row{{Name: "r", Class: create, Reason: "it failed"}}, errortable.ErrReason},
		{"throttling that marks", []errortable.Row{{Name: "r", Throttled: true, Marks: offering, TTL: minute, Reason: "R"}}, errortable.ErrThrottled},
		{"throttling as capacity", []errortable.Row{{Name: "r", Throttled: true, Class: capacity}}, errortable.ErrThrottled},
		{"a class of the core's own", []errortable.Row{{Name: "r", Class: cloudprovider.ClassUnevaluatedNodePool}}, errortable.ErrClass},
		{"a mark of nothing", []errortable.Row{{Name: "r", Class: capacity, Marks: []errortable.Parts{errortable.Place}, TTL: minute, Reason: "R"}}, errortable.ErrParts},
		{"a range that ends before it begins", []errortable.Row{row("r", errortable.Match{Status: 500, StatusTo: 400})}, errortable.ErrStatus},
	} {
		t.Run(tc.why, func(t *testing.T) {
			_, err := errortable.New(tc.rows...)
			last := tc.rows[len(tc.rows)-1]
			if rowErr := (&errortable.RowError{}); !errors.Is(err, tc.want) || !errors.As(err, &rowErr) || rowErr.Name != last.Name || rowErr.Index != len(tc.rows)-1 {
				t.Errorf("got %v", err)
			}
		})
	}
}

// KIT-064: rows that overlap without one hiding the other are fine.
func TestNotRefused(t *testing.T) {
	for why, pair := range map[string][2]errortable.Match{
		"narrow before wide":         {{Code: "X", Texts: []string{"a"}}, {Code: "X"}},
		"other texts":                {{Texts: []string{"a b"}}, {Texts: []string{"a"}}},
		"one code, other statuses":   {{Code: "X", Status: 400}, {Code: "X", Status: 500}},
		"a status before any":        {{Status: 500}, {Code: "X"}},
		"patterns that only overlap": {{Code: "A*"}, {Code: "*B"}},
		"a capacity type before":     {{Code: "X", CapacityType: "spot"}, {Code: "X"}},
	} {
		if _, err := errortable.New(errortable.Row{Name: "a", When: pair[0]}, errortable.Row{Name: "b", When: pair[1]}); err != nil {
			t.Errorf("%s: %v", why, err)
		}
	}
}

func TestByStatus(t *testing.T) { // KIT-065, CP-044
	cover := errortable.NewCoverage(table(t, errortable.ByStatus()...))
	for _, tc := range []struct {
		status    int
		class     cloudprovider.ErrorClass
		reason    string
		throttled bool
	}{
		{429, cloudprovider.ClassOther, "Throttled", true},
		{500, cloudprovider.ClassOther, "ServerError", false},
		{503, cloudprovider.ClassOther, "ServerError", false},
		{401, cloudprovider.ClassCreateError, "Unauthorized", false},
		{403, cloudprovider.ClassCreateError, "Unauthorized", false},
		{400, cloudprovider.ClassCreateError, "InvalidParameter", false},
		{422, cloudprovider.ClassCreateError, "InvalidParameter", false},
		{404, cloudprovider.ClassOther, "LaunchFailed", false},
		{0, cloudprovider.ClassOther, "LaunchFailed", false},
	} {
		v := cover.Classify(errortable.Failure{HTTPStatus: tc.status, Message: "m"}, health.Offering{CapacityType: "spot", InstanceType: "t", Zone: "a"})
		if cloudprovider.ClassOf(v.Err) != tc.class || v.Reason != tc.reason || v.Throttled != tc.throttled || v.Marks != nil {
			t.Errorf("%d: got %+v", tc.status, v)
		}
	}
	if missed := cover.Missed(); missed != nil { // KIT-067
		t.Errorf("rows without a test: %v", missed)
	}
}

func TestCoverage(t *testing.T) { // KIT-067
	cover := errortable.NewCoverage(table(t, errortable.ByStatus()...))
	cover.Classify(errortable.Failure{HTTPStatus: 500})
	if missed := cover.Missed(); len(missed) != 5 || slices.Contains(missed, "http-server") || missed[0] != "http-throttled" {
		t.Errorf("got %v", missed)
	}
}

type apiError struct{ code, message string }

func (e apiError) Error() string        { return "api: " + e.code }
func (e apiError) ErrorCode() string    { return e.code }
func (e apiError) ErrorMessage() string { return e.message }

type response struct {
	error
	status int
}

func (r response) HTTPStatusCode() int { return r.status }
func (r response) Unwrap() error       { return r.error }

func TestFailureOf(t *testing.T) { // KIT-066
	err := fmt.Errorf("launching: %w", response{fmt.Errorf("operation: %w", apiError{"Code", "message"}), 409})
	if f := errortable.FailureOf(err); f.Code != "Code" || f.Message != "message" || f.HTTPStatus != 409 || !errors.Is(f.Cause, err) {
		t.Errorf("got %+v", f)
	}
	plain := errors.New("no route to host")
	if f := errortable.FailureOf(plain); f != (errortable.Failure{Message: "no route to host", Cause: plain}) {
		t.Errorf("got %+v", f)
	}
}

func TestCombine(t *testing.T) { // KIT-068
	ice := func(text string) errortable.Verdict {
		return errortable.Verdict{Err: cloudprovider.NewInsufficientCapacityError(errors.New(text))}
	}
	create := errortable.Verdict{Err: cloudprovider.NewCreateError(errors.New("c"), "R", "m")}
	plain := errortable.Verdict{Err: errors.New("plain")}
	for _, tc := range []struct {
		why      string
		verdicts []errortable.Verdict
		class    cloudprovider.ErrorClass
		text     string
	}{
		{"one capacity failure", []errortable.Verdict{ice("a")}, capacity, "insufficient capacity, a"},
		{"several name each", []errortable.Verdict{ice("a"), ice("b")}, capacity, "insufficient capacity, insufficient capacity, a\ninsufficient capacity, b"},
		{"another failure among them", []errortable.Verdict{ice("a"), create}, cloudprovider.ClassCreateError, "creating nodeclaim, c"},
		{"what may pass goes first", []errortable.Verdict{create, ice("a"), plain}, cloudprovider.ClassOther, "plain"},
	} {
		if err := errortable.Combine(tc.verdicts...); cloudprovider.ClassOf(err) != tc.class || err.Error() != tc.text {
			t.Errorf("%s: got %v", tc.why, err)
		}
	}
	if err := errortable.Combine(); err != nil {
		t.Errorf("got %v", err)
	}
}
