// SPDX-License-Identifier: Apache-2.0

package control

import (
	"errors"
	"net/http"

	"karpenter.sh/test/cloudsim/limit"
	"karpenter.sh/test/cloudsim/world"
)

// Market is a Target that sells machines.
type Market interface {
	// Stock, Prices and Quotas are the cloud's.
	Stock() *world.Stock
	Prices() *world.Prices
	Quotas() *world.Quotas
}

// Throttler is a Target that bounds how often a call may be made.
type Throttler interface {
	// Limit changes that.
	Limit(call string, r limit.Rate)
}

// market serves the routes of a Market.
type market struct{ target Market }

func (m market) add(mux *http.ServeMux) {
	mux.HandleFunc("PUT /v1/stock", m.stock)
	mux.HandleFunc("PUT /v1/prices", m.price)
	mux.HandleFunc("PUT /v1/quotas", m.quota)
}

func (m market) stock(w http.ResponseWriter, r *http.Request) {
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
	m.target.Stock().Set(in.Pool, *in.Count)
	answer(w, in)
}

func (m market) price(w http.ResponseWriter, r *http.Request) {
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
	m.target.Prices().Fix(in.Pool, *in.Price)
	answer(w, in)
}

func (m market) quota(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Name  string `json:"name"`
		Limit int    `json:"limit"`
	}
	if read(w, r, &in) {
		m.target.Quotas().Set(in.Name, in.Limit)
		answer(w, in)
	}
}

func throttle(t Throttler) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var in struct {
			Call string `json:"call"`
			limit.Rate
		}
		if read(w, r, &in) {
			t.Limit(in.Call, in.Rate)
			answer(w, in)
		}
	}
}
