// SPDX-License-Identifier: Apache-2.0

// Package strictapi makes the API in memory as strict as the real one where
// controllers depend on it, and stricter where they must not be careless. Tests
// hand [Client] to what they test, and keep the lenient client for themselves.
//
// A delete or an eviction that does not name the UID it means fails the test: a
// name may have passed to a successor since it was read. One that names another
// UID is answered as a conflict, a JSON patch that does not apply as an invalid
// request, and so is a second condition or taint of a kind.
package strictapi
