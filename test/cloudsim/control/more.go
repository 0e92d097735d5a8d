// SPDX-License-Identifier: Apache-2.0

package control

import (
	"errors"
	"net/http"
	"time"

	"karpenter.sh/test/cloudsim/fault"
)

// Interrupter is a Target that takes machines back.
type Interrupter interface {
	// Notify announces the interruption of a machine, which ends after the cloud's
	// notice. The kind is the cloud's, "" its spot interruption.
	Notify(id, kind string) error
	// Reclaim ends a machine at once.
	Reclaim(id string) error
}

// Actor is a Target that does more to machines.
type Actor interface {
	// Actions are what it does, by name, each to the machine with an ID.
	Actions() map[string]func(id string) error
}

// Router is a Target with routes of its own.
type Router interface {
	// Routes are served beside the others, by their patterns. [Do] makes their handlers.
	Routes() map[string]http.Handler
}

// Do is the handler of a route that reads a body, does what it asks for, and answers it.
func Do[In any](do func(In) error) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var in In
		if read(w, r, &in) {
			conclude(w, in, do(in))
		}
	})
}

// Show is the handler of a route that answers something.
func Show(show func() any) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { answer(w, show()) })
}

// ZoneShifter is a Target that shifts traffic away from zones.
type ZoneShifter interface {
	// ShiftZone shifts away from a zone for so long from now on; 0 ends that.
	ShiftZone(zone string, d time.Duration) error
}

// ImageDeprecator is a Target whose images can be deprecated.
type ImageDeprecator interface {
	// DeprecateImage deprecates an image so much later.
	DeprecateImage(id string, in time.Duration) error
}

// AddressBlocker is a Target whose subnets have few addresses.
type AddressBlocker interface {
	// BlockAddresses leaves a subnet with so many free addresses, or all that it has.
	BlockAddresses(subnetID string, free int) error
}

// TemplateDropper is a Target that loses its launch templates.
type TemplateDropper interface {
	// DropLaunchTemplates deletes all, and returns how many there were.
	DropLaunchTemplates() int
}

// EventScheduler is a Target that schedules events of machines.
type EventScheduler interface {
	// ScheduleEvent schedules an event, by the cloud's code, so much later.
	ScheduleEvent(id, code string, in time.Duration) error
}

// PermissionReporter is a Target whose callers have policies.
type PermissionReporter interface {
	// Permissions are what callers needed of their policies so far, and missed.
	Permissions() []Permissions
}

// Permissions are what one caller needed of its policies, and missed.
type Permissions struct {
	Role string `json:"role"`
	// AccessKey is the ID of its access key.
	AccessKey string `json:"accessKey"`
	// Refusals are the first calls that the policies did not allow. Those that a fault
	// rule refuses are none.
	Refusals []Refusal `json:"refusals"`
	// Unused are the grants that no call needed, as policy.Unused has them.
	Unused []string `json:"unused"`
}

// Refusal is a call that policies did not allow.
type Refusal struct {
	Call     string `json:"call"`
	Action   string `json:"action"`
	Resource string `json:"resource"`
	Message  string `json:"message"`
}

// more adds the routes that not every cloud has.
func (a api) more(mux *http.ServeMux) {
	if t, ok := a.target.(Market); ok {
		market{t}.add(mux)
	}
	if t, ok := a.target.(Throttler); ok {
		mux.HandleFunc("PUT /v1/limits", throttle(t))
	}
	if t, ok := a.target.(Router); ok {
		for pattern, handler := range t.Routes() {
			mux.Handle(pattern, handler)
		}
	}
	if t, ok := a.target.(ZoneShifter); ok {
		mux.HandleFunc("PUT /v1/shifts", shift(t))
	}
	if t, ok := a.target.(ImageDeprecator); ok {
		mux.HandleFunc("PUT /v1/images", deprecate(t))
	}
	if t, ok := a.target.(AddressBlocker); ok {
		mux.HandleFunc("PUT /v1/subnets", block(t))
	}
	if t, ok := a.target.(TemplateDropper); ok {
		mux.HandleFunc("DELETE /v1/launch-templates", func(w http.ResponseWriter, _ *http.Request) {
			answer(w, map[string]int{"dropped": t.DropLaunchTemplates()})
		})
	}
	if t, ok := a.target.(PermissionReporter); ok {
		mux.HandleFunc("GET /v1/permissions", func(w http.ResponseWriter, _ *http.Request) { answer(w, t.Permissions()) })
	}
	if t, ok := a.target.(EventScheduler); ok {
		mux.HandleFunc("POST /v1/machines/{id}/events", schedule(t))
	}
}

func shift(t ZoneShifter) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var in struct {
			Zone string          `json:"zone"`
			For  *fault.Duration `json:"for"`
		}
		if !read(w, r, &in) {
			return
		}
		if in.Zone == "" || in.For == nil {
			refuse(w, http.StatusBadRequest, errors.New("shifts: zone and for are needed"))
			return
		}
		conclude(w, in, t.ShiftZone(in.Zone, in.For.Duration))
	}
}

func deprecate(t ImageDeprecator) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var in struct {
			ID           string          `json:"id"`
			DeprecatedIn *fault.Duration `json:"deprecatedIn"`
		}
		if !read(w, r, &in) {
			return
		}
		if in.ID == "" || in.DeprecatedIn == nil {
			refuse(w, http.StatusBadRequest, errors.New("images: id and deprecatedIn are needed"))
			return
		}
		conclude(w, in, t.DeprecateImage(in.ID, in.DeprecatedIn.Duration))
	}
}

func block(t AddressBlocker) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var in struct {
			ID   string `json:"id"`
			Free *int   `json:"free"`
		}
		if !read(w, r, &in) {
			return
		}
		if in.ID == "" || in.Free == nil || *in.Free < 0 {
			refuse(w, http.StatusBadRequest, errors.New("subnets: id and free are needed, and free is not negative"))
			return
		}
		conclude(w, in, t.BlockAddresses(in.ID, *in.Free))
	}
}

func schedule(t EventScheduler) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var in struct {
			Code string         `json:"code"`
			In   fault.Duration `json:"in"`
		}
		if read(w, r, &in) {
			conclude(w, in, t.ScheduleEvent(r.PathValue("id"), in.Code, in.In.Duration))
		}
	}
}

// conclude answers a request that was carried out, or not.
func conclude(w http.ResponseWriter, done any, err error) {
	switch {
	case errors.Is(err, ErrNotFound):
		refuse(w, http.StatusNotFound, err)
	case err != nil:
		refuse(w, http.StatusBadRequest, err)
	default:
		answer(w, done)
	}
}
