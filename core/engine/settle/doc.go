// SPDX-License-Identifier: Apache-2.0

// Package settle decides which machines of a plan need not wait for pods that are
// still to come.
//
// # What it decides
//
// [Bins] takes a plan that was made while pods still arrive, and returns the bins
// that may be launched at once: those that a plan for more pods of the same kinds
// would contain as well, or others that cost the same. All of these hold for each:
//
//   - it is not shared out at the end: no reserved capacity, limits or minValues
//     in short supply;
//   - its pods are not tied to others: by volumes, or by rules about domains that
//     more than one machine is in;
//   - it is as large as the machines that many pods get, or holds many pods and is
//     no smaller than all that left before;
//   - its pods would cost as much in any other company, as far as the pods at hand
//     tell;
//   - it has no room for another pod of a shape at hand, and little that pods of a
//     shape not seen yet could use.
//
// # What it never does
//
// It changes no bin, and knows no time: when it is worth a question is up to the
// caller.
//
// # Vocabulary
//
// A kind is the bins of a pool that require the same of a machine. What a kind's
// machines are worth goes by the prices of resources at which the demand of its
// pods is worth most while no machine holds more than its price ([pack.Prices]).
//
// # Cost
//
// Each kind costs one linear program of a row for each of its machines, each bin
// that passes the other checks a look at every shape.
//
// Start reading at settle.go.
package settle
