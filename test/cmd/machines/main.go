// SPDX-License-Identifier: Apache-2.0

// Command machines lets Machines of Cluster API become fake nodes: it is an infrastructure
// provider, beside Cluster API's own controllers in the same cluster. It makes a Cluster that
// stands for this one, and with -fleet MachineDeployments of many sizes.
//
// tools/cluster starts it: make up PROVIDER=clusterapi.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net/http"
	"os"
	"os/signal"
	"sync/atomic"
	"syscall"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/klog/v2"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"

	"karpenter.sh/test/machines"
)

// options are the command line.
type options struct {
	kubeconfig         string
	cluster, namespace string
	fleet              bool
	provisioning, boot time.Duration
	probe              string
}

func main() {
	log.SetLogger(klog.Background())
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:])
	stop()
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "machines:", err)
		os.Exit(1)
	}
}

func parse(args []string) (options, error) {
	var o options
	flags := flag.NewFlagSet("machines", flag.ContinueOnError)
	flags.StringVar(&o.kubeconfig, "kubeconfig", os.Getenv("KUBECONFIG"), "`file` to connect to the management cluster with")
	flags.StringVar(&o.cluster, "cluster", "karpenter", "`name` of the Cluster that it makes")
	flags.StringVar(&o.namespace, "namespace", "machines", "`namespace` of what it makes")
	flags.BoolVar(&o.fleet, "fleet", false, "make MachineDeployments of many sizes")
	flags.DurationVar(&o.provisioning, "provisioning", time.Second, "how long hosts of the fleet take to be there")
	flags.DurationVar(&o.boot, "boot", 5*time.Second, "how long they boot, after that")
	flags.StringVar(&o.probe, "probe", "127.0.0.1:0", "`address` of /readyz, which answers 200 when all is there")
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	if flags.NArg() > 0 {
		return o, fmt.Errorf("unexpected argument %q: see -help", flags.Arg(0))
	}
	return o, nil
}

func run(ctx context.Context, args []string) error {
	o, err := parse(args)
	if err != nil {
		return err
	}
	config, err := clientcmd.BuildConfigFromFlags("", o.kubeconfig)
	if err != nil {
		return fmt.Errorf("read kubeconfig %q: %w", o.kubeconfig, err)
	}
	config.QPS = -1
	scheme, err := machines.Scheme()
	if err != nil {
		return err
	}
	m, err := manager.New(config, manager.Options{
		Scheme: scheme, HealthProbeBindAddress: o.probe, Metrics: metricsserver.Options{BindAddress: "0"},
	})
	if err != nil {
		return fmt.Errorf("connect to the management cluster: %w", err)
	}
	if err := machines.Setup(m); err != nil {
		return err
	}
	var ready atomic.Bool
	if err := m.AddReadyzCheck("ready", func(*http.Request) error {
		if !ready.Load() {
			return errors.New("not everything is there yet")
		}
		return nil
	}); err != nil {
		return err
	}
	if err := m.Add(manager.RunnableFunc(func(ctx context.Context) error {
		err := o.make(ctx, m.GetClient())
		ready.Store(err == nil)
		return err
	})); err != nil {
		return err
	}
	return m.Start(ctx)
}

// make makes the Cluster, and the fleet if there is to be one. What is there already stays
// as it is, but for what Secrets hold.
func (o options) make(ctx context.Context, c client.Client) error {
	kubeconfig, err := machines.Kubeconfig(o.kubeconfig)
	if err != nil {
		return err
	}
	ground := machines.Ground{Namespace: o.namespace, Cluster: o.cluster}
	objects, err := ground.Objects(kubeconfig)
	if err != nil {
		return err
	}
	var fleet []machines.Group
	if o.fleet {
		fleet = machines.Fleet(o.provisioning, o.boot)
	}
	for _, group := range fleet {
		deployment, template := ground.Deployment(group)
		objects = append(objects, template, deployment)
	}
	for _, object := range objects {
		if err := place(ctx, c, object); err != nil {
			return fmt.Errorf("make %T %s: %w", object, object.GetName(), err)
		}
	}
	return nil
}

// place makes an object. Of those that are there only Secrets are made anew: credentials
// may have been renewed.
func place(ctx context.Context, c client.Client, object client.Object) error {
	err := c.Create(ctx, object)
	if !apierrors.IsAlreadyExists(err) {
		return err
	}
	if _, secret := object.(*corev1.Secret); !secret {
		return nil
	}
	return c.Patch(ctx, object, client.Merge)
}
