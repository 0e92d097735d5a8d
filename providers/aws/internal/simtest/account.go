// SPDX-License-Identifier: Apache-2.0

package simtest

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/feature/ec2/imds"
	"k8s.io/utils/clock"
	testclock "k8s.io/utils/clock/testing"

	cloudaws "karpenter.sh/test/cloudsim/aws"
	"karpenter.sh/test/cloudsim/serve"
)

// Cluster is the name of the cluster that the account holds.
const Cluster = "c1"

// Options say how an account differs from the default one: three zones with a private
// subnet each, one cluster, everybody may do everything, no throttling.
type Options struct {
	// Cloud is how the cloud behaves; its Setup is what the account holds.
	Cloud cloudaws.Options
	// RealTime lets the cloud live by the real clock.
	RealTime bool
	// Latency is how long each answer takes, by the account's clock; 0 by default.
	Latency time.Duration
	// Attempts is how often the SDK tries a call; 1 by default. It does not wait
	// between attempts.
	Attempts int
}

// Account is a simulated account and the way to it.
type Account struct {
	// Config is for the clients of the SDK.
	Config aws.Config
	// Cloud is the account itself.
	Cloud *cloudaws.Cloud
	// Clock is the cloud's time; nil if that is real.
	Clock *testclock.FakeClock
	// Setup is what the account holds.
	Setup cloudaws.Setup
	// URL is the endpoint of all services, MetadataURL that of instance metadata.
	URL, MetadataURL string
	// CA is the authority of the endpoint's certificate, PEM.
	CA []byte

	t testing.TB
}

// Start is when the virtual time of an account begins.
func Start() time.Time { return time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC) }

// New starts an account, which ends with the test.
func New(t testing.TB, change ...func(*Options)) *Account {
	t.Helper()
	o := Options{Cloud: cloudaws.DefaultOptions(Cluster), Attempts: 1}
	o.Cloud.Unlimited = true
	for _, f := range change {
		f(&o)
	}
	a := &Account{t: t, Setup: o.Cloud.Setup}
	var time clock.Clock = clock.RealClock{}
	if !o.RealTime {
		a.Clock = testclock.NewFakeClock(Start())
		time = a.Clock
	}
	o.Cloud.Clock = time
	var err error
	a.Cloud, err = cloudaws.New(o.Cloud)
	a.must(err)
	a.serve(slow(a.Cloud, time, o.Latency))
	a.Config = a.config(o.Attempts)
	return a
}

func (a *Account) must(err error) {
	a.t.Helper()
	if err != nil {
		a.t.Fatal(err)
	}
}

// serve brings the account onto loopback.
func (a *Account) serve(cloud http.Handler) {
	a.t.Helper()
	authority, err := serve.NewAuthority(time.Now()) // the client checks it by the real time
	a.must(err)
	server, err := serve.Start(0, cloud, authority)
	a.must(err)
	metadata, err := serve.Start(0, a.Cloud.Metadata(), nil)
	a.must(err)
	a.t.Cleanup(func() {
		if err := errors.Join(server.Close(), metadata.Close()); err != nil {
			a.t.Error(err)
		}
	})
	a.URL, a.MetadataURL, a.CA = server.URL, metadata.URL, authority.PEM
}

func slow(h http.Handler, time clock.Clock, latency time.Duration) http.Handler {
	if latency == 0 {
		return h
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		select {
		case <-time.After(latency):
		case <-r.Context().Done():
		}
		h.ServeHTTP(w, r)
	})
}

// config is what config.LoadDefaultConfig would make of the account's environment.
func (a *Account) config(attempts int) aws.Config {
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(a.CA)
	client := awshttp.NewBuildableClient().WithTransportOptions(func(tr *http.Transport) {
		tr.TLSClientConfig = &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}
		a.t.Cleanup(tr.CloseIdleConnections)
	})
	key := a.environment("")["AWS_ACCESS_KEY_ID"]
	return aws.Config{
		Region:       a.Setup.Region,
		BaseEndpoint: aws.String(a.URL),
		HTTPClient:   client,
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: key, SecretAccessKey: "simulated", Source: "simtest"}, nil
		}),
		Retryer: func() aws.Retryer {
			return retry.NewStandard(func(o *retry.StandardOptions) {
				o.MaxAttempts = attempts
				o.Backoff = retry.BackoffDelayerFunc(func(int, error) (time.Duration, error) { return 0, nil })
			})
		},
	}
}

func (a *Account) environment(bundle string) map[string]string {
	return a.Cloud.Env(a.URL, bundle, a.MetadataURL)
}

// IMDS is a client of the account's instance metadata.
func (a *Account) IMDS() *imds.Client {
	return imds.New(imds.Options{Endpoint: a.MetadataURL, Retryer: aws.NopRetryer{}})
}

// Setenv points the SDK's default configuration at the account, for tests of what reads
// it; such a test cannot run in parallel.
func (a *Account) Setenv() {
	a.t.Helper()
	bundle := filepath.Join(a.t.TempDir(), "ca.pem")
	a.must(os.WriteFile(bundle, a.CA, 0o600))
	for name, value := range a.environment(bundle) {
		a.t.Setenv(name, value)
	}
}

// Step moves the virtual time on and lets happen what is due.
func (a *Account) Step(d time.Duration) {
	a.t.Helper()
	if a.Clock == nil {
		a.t.Fatal("an account in real time cannot be stepped")
	}
	a.Clock.Step(d)
	a.Cloud.Settle()
}
