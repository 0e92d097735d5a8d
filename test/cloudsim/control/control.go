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
	"io"
	"net/http"
	"strconv"
	"time"

	"karpenter.sh/test/cloudsim/fault"
	"karpenter.sh/test/cloudsim/join"
	"karpenter.sh/test/cloudsim/journal"
	"karpenter.sh/test/cloudsim/limit"
	"karpenter.sh/test/cloudsim/world"
)

// Target is a cloud as tests handle it.
type Target interface {
	// Calls are the names of all calls.
	Calls() []string
	// Faults, Stock, Prices, Quotas, Journal and Yard are the cloud's.
	Faults() *fault.Rules
	Stock() *world.Stock
	Prices() *world.Prices
	Quotas() *world.Quotas
	Journal() *journal.Journal
	Yard() *join.Yard
	// Limit changes how often a call may be made.
	Limit(call string, r limit.Rate)
	// Lag delays reads of a kind of resource.
	Lag(kind string, d time.Duration)
	// Notify announces the interruption of a machine, which ends after the cloud's
	// notice. The kind is the cloud's, "" its spot interruption.
	Notify(id, kind string) error
	// Reclaim ends a machine at once.
	Reclaim(id string) error
	// Lose lets a machine's host fail.
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
	mux.HandleFunc("PUT /v1/stock", a.stock)
	mux.HandleFunc("PUT /v1/prices", a.price)
	mux.HandleFunc("PUT /v1/quotas", a.quota)
	mux.HandleFunc("PUT /v1/limits", a.limit)
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

func (a api) stock(w http.ResponseWriter, r *http.Request) {
	var in struct {
		world.Pool
		Count *int `json:"count"`
	}
	if !read(w, r, &in) {
		return
	}
	if in.Count == nil || *in.Count < 0 {
		refuse(w, http.StatusBadRequest, errors.New("stock: count is needed, and not negative"))
		return
	}
	a.target.Stock().Set(in.Pool, *in.Count)
	answer(w, in)
}

func (a api) price(w http.ResponseWriter, r *http.Request) {
	var in struct {
		world.Pool
		Price *float64 `json:"price"`
	}
	if !read(w, r, &in) {
		return
	}
	if in.Price == nil || in.Type == "" || in.Zone == "" {
		refuse(w, http.StatusBadRequest, errors.New("prices: type, zone and price are needed"))
		return
	}
	in.Capacity = "spot"
	a.target.Prices().Fix(in.Pool, *in.Price)
	answer(w, in)
}

func (a api) quota(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Name  string `json:"name"`
		Limit int    `json:"limit"`
	}
	if read(w, r, &in) {
		a.target.Quotas().Set(in.Name, in.Limit)
		answer(w, in)
	}
}

func (a api) limit(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Call string `json:"call"`
		limit.Rate
	}
	if read(w, r, &in) {
		a.target.Limit(in.Call, in.Rate)
		answer(w, in)
	}
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
	id := r.PathValue("id")
	var err error
	switch action := r.PathValue("action"); action {
	case "notify":
		err = a.target.Notify(id, r.URL.Query().Get("kind"))
	case "reclaim":
		err = a.target.Reclaim(id)
	case "lose":
		err = a.target.Lose(id)
	default:
		refuse(w, http.StatusNotFound, errors.New("machines: no action is called "+action+": notify, reclaim or lose"))
		return
	}
	conclude(w, map[string]string{"id": id}, err)
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
