// SPDX-License-Identifier: Apache-2.0

// Package examples says what every manifest must be that users are shown: the API
// server admits it, with no field that it does not know, and its NodePools can launch.
// Only tests import it.
//
// It creates nothing. Start reading at [Judge].
package examples
