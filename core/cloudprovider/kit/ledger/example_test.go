// SPDX-License-Identifier: Apache-2.0

package ledger_test

import (
	"context"
	"errors"
	"fmt"

	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/clock"

	"karpenter.sh/core/cloudprovider/kit/ledger"
)

// A provider whose launches have a client token.
func ExampleLedger() {
	launches := ledger.New(ledger.Options{Idempotent: true, Clock: clock.RealClock{}}, ledger.Cloud[string]{
		Find:       func(context.Context, types.UID) ([]string, error) { return nil, nil }, // by tag
		ProviderID: func(instance string) string { return "aws:///us-east-1a/" + instance },
		Refused:    func(err error) bool { return errors.Is(err, errNoStock) },
	})
	defer launches.Close(context.Background())
	for range 2 {
		instance, err := launches.Launch(context.Background(), ledger.Request[string]{
			UID: "6f0c", Parameters: "lt-1 m5.large us-east-1a spot", New: true,
			Launch: func(_ context.Context, token string) (string, error) {
				fmt.Println("one request with token", token)
				return "i-1", nil
			},
		})
		fmt.Println(instance, err)
	}
	answer, _ := launches.Launched(context.Background(), "6f0c")
	fmt.Println(answer.Launched == ledger.Yes, answer.ProviderID)
	// Output:
	// one request with token a3a16207-565f-80e7-a253-fd922d325090
	// i-1 <nil>
	// i-1 <nil>
	// true aws:///us-east-1a/i-1
}
