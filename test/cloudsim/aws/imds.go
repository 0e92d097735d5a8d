// SPDX-License-Identifier: Apache-2.0

package aws

import (
	"encoding/json"
	"net/http"
	"time"
)

// Metadata serves the part of the instance metadata service that a controller reads:
// region, zone, and credentials. Version 2 is required: reads need a token.
func (c *Cloud) Metadata() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("PUT /latest/api/token", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-Aws-Ec2-Metadata-Token-Ttl-Seconds", "21600")
		_, _ = w.Write([]byte(metadataToken)) // the client hung up
	})
	s := c.options.Setup
	text := func(path, body string) {
		mux.HandleFunc("GET "+path, func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("X-Aws-Ec2-Metadata-Token") != metadataToken {
				http.Error(w, "a token is needed", http.StatusUnauthorized)
				return
			}
			_, _ = w.Write([]byte(body)) // the client hung up
		})
	}
	document, _ := json.Marshal(map[string]string{ // texts always marshal
		"region": s.Region, "accountId": s.Account, "availabilityZone": s.Zones[0].Name, "instanceId": "i-0000000000000c0de",
	})
	credentials, _ := json.Marshal(map[string]any{
		"Code": "Success", "Type": "AWS-HMAC", "AccessKeyId": c.accessKey(), "SecretAccessKey": "simulated",
		"Token": "simulated", "Expiration": c.clock.Now().Add(365 * 24 * time.Hour).UTC().Format(time.RFC3339),
		"LastUpdated": c.clock.Now().UTC().Format(time.RFC3339),
	})
	text("/latest/meta-data/placement/region", s.Region)
	text("/latest/meta-data/placement/availability-zone", s.Zones[0].Name)
	text("/latest/dynamic/instance-identity/document", string(document))
	text("/latest/meta-data/iam/security-credentials/", "controller")
	text("/latest/meta-data/iam/security-credentials/controller", string(credentials))
	return mux
}

const metadataToken = "simulated-token"
