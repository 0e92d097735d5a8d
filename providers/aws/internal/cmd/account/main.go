// SPDX-License-Identifier: Apache-2.0

// Command account prints what the simulated account of the end-to-end suite holds, as
// cloudsim reads it with -setup: the controller may do what the documented policies
// allow and nothing else, and all that the examples select is there.
//
//	go run ./providers/aws/internal/cmd/account -cluster e2e-aws >setup.json
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
)

func main() {
	cluster := flag.String("cluster", "c1", "`name` of the cluster that the account holds")
	flag.Parse()
	if err := run(*cluster); err != nil {
		fmt.Fprintln(os.Stderr, "account:", err)
		os.Exit(1)
	}
}

func run(cluster string) error {
	setup, err := account(cluster)
	if err != nil {
		return err
	}
	encoder := json.NewEncoder(os.Stdout)
	encoder.SetIndent("", " ")
	return encoder.Encode(setup)
}
