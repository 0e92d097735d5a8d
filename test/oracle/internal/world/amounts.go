// SPDX-License-Identifier: Apache-2.0

package world

import (
	"time"

	"k8s.io/apimachinery/pkg/api/resource"
)

func count(n int) *resource.Quantity { return resource.NewQuantity(int64(n), resource.DecimalSI) }

func seconds(n int) time.Duration { return time.Duration(n) * time.Second }
