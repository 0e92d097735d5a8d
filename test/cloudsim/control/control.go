// SPDX-License-Identifier: Apache-2.0

// Package control is the hand of tests in a simulated cloud: a loopback HTTP API.
//
// # What it holds
//
// [Handler] serves the routes of README.md over a [Target], the cloud. Answers are
// JSON; an error is {"error": "one line"}.
//
// # What it never does
//
// It is never reachable through the cloud's own endpoint.
package control

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"karpenter.sh/test/cloudsim/fault"
	"karpenter.sh/test/cloudsim/join"
	"karpenter.sh/test/cloudsim/journal"
)

// Target is a cloud as tests handle it.
type Target interface {
	// Calls are the names of all calls.
	Calls() []string
	// Faults, Journal and Yard are the cloud's.
	Faults() *fault.Rules
	Journal() *journal.Journal
	Yard() *join.Yard
	// Lag delays reads of a kind of resource.
	Lag(kind string, d time.Duration)
	// Lose lets a machine fall silent that the cloud goes on to have: its host failed, or
	// what runs in it.
	Lose(id string) error
	// Summary is the state in figures.
	Summary() map[string]any
}

// ErrNotFound means that there is no such machine, zone, image or subnet.
var ErrNotFound = errors.New("not found")

// Handler serves the control API of a cloud.
func Handler(t Target) http.Handler {
	mux := http.NewServeMux()
	a := api{t}
	mux.HandleFunc("GET /v1/state", a.state)
	mux.HandleFunc("GET /v1/journal", a.journal)
	mux.HandleFunc("GET /v1/joins", a.joins)
	mux.HandleFunc("GET /v1/faults", a.faults)
	mux.HandleFunc("POST /v1/faults", a.addFaults)
	mux.HandleFunc("DELETE /v1/faults", a.clearFaults)
	mux.HandleFunc("PUT /v1/lag", a.lag)
	mux.HandleFunc("PUT /v1/boot", a.boot)
	mux.HandleFunc("POST /v1/machines/{id}/{action}", a.machine)
	a.more(mux)
	return mux
}

type api struct{ target Target }

func (a api) state(w http.ResponseWriter, _ *http.Request) { answer(w, a.target.Summary()) }

func (a api) journal(w http.ResponseWriter, r *http.Request) {
	after := 0
	if text := r.URL.Query().Get("after"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil {
			refuse(w, http.StatusBadRequest, errors.New("after: want a number, not "+text))
			return
		}
		after = n
	}
	answer(w, a.target.Journal().Entries(r.URL.Query().Get("call"), after))
}

func (a api) joins(w http.ResponseWriter, _ *http.Request) { answer(w, a.target.Yard().Outcomes()) }

func (a api) faults(w http.ResponseWriter, _ *http.Request) { answer(w, a.target.Faults().List()) }

func (a api) addFaults(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 1<<20))
	if err != nil {
		refuse(w, http.StatusBadRequest, err)
		return
	}
	rules, err := fault.Parse(body, a.target.Calls())
	if err != nil {
		refuse(w, http.StatusBadRequest, err)
		return
	}
	a.target.Faults().Add(rules...)
	answer(w, a.target.Faults().List())
}

func (a api) clearFaults(w http.ResponseWriter, _ *http.Request) {
	a.target.Faults().Clear()
	answer(w, []fault.Rule{})
}

func (a api) lag(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Kind  string         `json:"kind"`
		Delay fault.Duration `json:"delay"`
	}
	if read(w, r, &in) {
		a.target.Lag(in.Kind, in.Delay.Duration)
		answer(w, in)
	}
}

func (a api) boot(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Delay fault.Duration `json:"delay"`
	}
	if read(w, r, &in) {
		a.target.Yard().Delay(in.Delay.Duration)
		answer(w, in)
	}
}

func (a api) machine(w http.ResponseWriter, r *http.Request) {
	id, action := r.PathValue("id"), r.PathValue("action")
	do, known := a.actions(r)[action]
	if !known {
		actions := slices.Sorted(maps.Keys(a.actions(r)))
		refuse(w, http.StatusNotFound, fmt.Errorf("machines: no action is called %s: %s", action, strings.Join(actions, ", ")))
		return
	}
	conclude(w, map[string]string{"id": id}, do(id))
}

// actions are what can be done to machines, by name.
func (a api) actions(r *http.Request) map[string]func(id string) error {
	all := map[string]func(string) error{"lose": a.target.Lose}
	if t, ok := a.target.(Interrupter); ok {
		all["reclaim"] = t.Reclaim
		all["notify"] = func(id string) error { return t.Notify(id, r.URL.Query().Get("kind")) }
	}
	if t, ok := a.target.(Actor); ok {
		maps.Copy(all, t.Actions())
	}
	return all
}

// read reads a body strictly; false: the refusal was sent.
func read(w http.ResponseWriter, r *http.Request, into any) bool {
	decoder := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<20))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(into); err != nil {
		refuse(w, http.StatusBadRequest, err)
		return false
	}
	return true
}

func answer(w http.ResponseWriter, value any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(value) // the client hung up
}

func refuse(w http.ResponseWriter, status int, err error) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]string{"error": err.Error()}) // the client hung up
}
