// SPDX-License-Identifier: Apache-2.0

package crds_test

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/envtest"

	"karpenter.sh/core/apis/crds"
	"karpenter.sh/core/testkit/testserver"
)

// server is a client of an API server that serves the CRDs. It is nil where there
// are no binaries to start one from.
var server client.Client

// config is how to reach it.
var config *rest.Config

func TestMain(m *testing.M) {
	code, err := runWithServer(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(code)
}

func runWithServer(m *testing.M) (code int, err error) {
	if os.Getenv(testserver.Assets) == "" {
		return m.Run(), nil
	}
	definitions, err := crds.Core()
	if err != nil {
		return 0, err
	}
	buffer, err := crds.CapacityBuffer()
	if err != nil {
		return 0, err
	}
	environment := &envtest.Environment{CRDs: append(definitions, buffer)}
	config, err = environment.Start()
	if err != nil {
		return 0, fmt.Errorf("starting the API server: %w", err)
	}
	defer func() { err = environment.Stop() }()
	server, err = client.New(config, client.Options{})
	if err != nil {
		return 0, fmt.Errorf("connecting to the API server: %w", err)
	}
	return m.Run(), nil
}

// needsServer reads the environment again, since the cache of test results knows
// only of what is read while tests run.
func needsServer(t *testing.T) {
	t.Helper()
	testserver.Need(t)
}

// fields are an object, or a part of one, as it is in JSON.
type fields = map[string]any

// A change makes one object out of another.
type change func(fields)

// put sets what is at a path.
func put(value any, path ...string) change {
	return func(object fields) {
		if err := unstructured.SetNestedField(object, value, path...); err != nil {
			panic(err)
		}
	}
}

// drop removes what is at a path.
func drop(path ...string) change {
	return func(object fields) { unstructured.RemoveNestedField(object, path...) }
}

// all makes one change of several.
func all(changes ...change) change {
	return func(object fields) {
		for _, change := range changes {
			change(object)
		}
	}
}

// A row is a change of a valid object, and the field that admission then names in
// its rejection, or "" if it accepts.
type row struct {
	change   change
	rejected string
}

// checkCreation asks for the creation of each changed object.
func checkCreation(t *testing.T, valid func() fields, rows map[string]row) {
	needsServer(t)
	for name, row := range rows {
		t.Run(name, func(t *testing.T) {
			object := valid()
			if row.change != nil {
				row.change(object)
			}
			err := server.Create(context.Background(), &unstructured.Unstructured{Object: object}, client.DryRunAll)
			checkRejection(t, err, row.rejected)
		})
	}
}

// checkUpdate creates an object, and asks for each change of it.
func checkUpdate(t *testing.T, valid func() fields, rows map[string]row) {
	needsServer(t)
	for name, row := range rows {
		t.Run(name, func(t *testing.T) {
			object := create(t, valid())
			row.change(object.Object)
			checkRejection(t, server.Update(context.Background(), object, client.DryRunAll), row.rejected)
		})
	}
}

func create(t *testing.T, content fields) *unstructured.Unstructured {
	t.Helper()
	object := &unstructured.Unstructured{Object: content}
	if err := server.Create(context.Background(), object); err != nil {
		t.Fatalf("creating %s: %v", object.GetKind(), err)
	}
	t.Cleanup(func() {
		if err := server.Delete(context.Background(), object); err != nil {
			t.Errorf("deleting %s: %v", object.GetKind(), err)
		}
	})
	return object
}

// checkRejection makes sure that an error is about a field and about no other, or
// that there is none.
func checkRejection(t *testing.T, err error, field string) {
	t.Helper()
	switch {
	case field == "" && err != nil:
		t.Errorf("rejected: %v", err)
	case field == "":
	case err == nil:
		t.Errorf("accepted, but %s is wrong", field)
	case !apierrors.IsInvalid(err):
		t.Errorf("fails otherwise: %v", err)
	default:
		checkCauses(t, err, field)
	}
}

func checkCauses(t *testing.T, err error, field string) {
	t.Helper()
	status := err.(apierrors.APIStatus).Status()
	for _, cause := range status.Details.Causes {
		// The server adds this cause when it could not run all rules.
		if strings.Contains(cause.Message, "some validation rules were not checked") {
			continue
		}
		if strings.TrimPrefix(cause.Field, ".") != field {
			t.Errorf("rejected for %s, want %s: %s", cause.Field, field, cause.Message)
		}
	}
}
