// SPDX-License-Identifier: Apache-2.0

package podevents

import "sigs.k8s.io/controller-runtime/pkg/handler"

// Watch gives tests the handler of pod events.
func (c *Controller) Watch() handler.EventHandler { return c.watch() }
