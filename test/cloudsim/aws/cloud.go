// SPDX-License-Identifier: Apache-2.0

package aws

import (
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/netip"
	"slices"
	"sync"
	"time"

	"k8s.io/utils/clock"

	"karpenter.sh/test/cloudsim/control"
	"karpenter.sh/test/cloudsim/fault"
	"karpenter.sh/test/cloudsim/join"
	"karpenter.sh/test/cloudsim/journal"
	"karpenter.sh/test/cloudsim/lag"
	"karpenter.sh/test/cloudsim/limit"
	"karpenter.sh/test/cloudsim/model"
	"karpenter.sh/test/cloudsim/policy"
	"karpenter.sh/test/cloudsim/wire"
	"karpenter.sh/test/cloudsim/world"
)

// Options say how the cloud behaves.
type Options struct {
	// Setup is what the account holds.
	Setup Setup
	// Clock is the time; nil: the real one.
	Clock clock.Clock
	// Seed decides identifiers and prices.
	Seed uint64
	// Joiner gets the nodes that boot; nil: they are recorded only.
	Joiner join.Joiner
	// Boot is from launch to registration.
	Boot time.Duration
	// Pending and Shutdown are how long instances are pending and shutting down.
	Pending, Shutdown time.Duration
	// Stock is how many machines each pool has.
	Stock int
	// LongPolls lets calls wait that may: ReceiveMessage, up to WaitTimeSeconds by the
	// clock (SIM-065). Without it they end at once, so that whoever steps a virtual
	// clock need not do so from elsewhere.
	LongPolls bool
	// Unlimited switches throttling off.
	Unlimited bool
	// JournalSize bounds how many requests are remembered; 0: 10,000.
	JournalSize int
}

// DefaultOptions are those of the command.
func DefaultOptions(cluster string) Options {
	return Options{
		Setup: DefaultSetup(cluster), Seed: 1, Boot: 20 * time.Second, Pending: 5 * time.Second,
		Shutdown: 10 * time.Second, Stock: 1000, JournalSize: 10000,
	}
}

// Cloud is a simulated account of AWS. It serves all of its services at one endpoint.
type Cloud struct {
	options  Options
	clock    clock.Clock
	router   *wire.Router
	handlers map[string]handler

	ids     *world.IDs
	stock   *world.Stock
	prices  *world.Prices
	quotas  *world.Quotas
	agenda  *world.Agenda
	limits  *limit.Limits
	delays  *lag.Delays
	faults  *fault.Rules
	journal *journal.Journal
	yard    *join.Yard

	// mu guards the state below.
	mu           sync.Mutex
	types        *catalogue
	zones        []Zone
	subnets      []*subnet
	images       map[string]Image
	identities   map[string]*Identity
	instances    instances
	templates    templates
	reservations []*reservation
	groups       []*group
	profiles     map[string]*profile
	queues       map[string]*queue
	tokens       tokens
}

// subnet is a subnet in use.
type subnet struct {
	Subnet
	prefix    netip.Prefix
	addresses *world.Addresses
	zoneID    string
}

// New returns a cloud in the state of its setup.
func New(o Options) (*Cloud, error) {
	services, err := model.AWS()
	if err != nil {
		return nil, err
	}
	router, err := wire.NewRouter(services)
	if err != nil {
		return nil, err
	}
	types, err := newCatalogue()
	if err != nil {
		return nil, err
	}
	if o.Clock == nil {
		o.Clock = clock.RealClock{}
	}
	if o.JournalSize == 0 {
		o.JournalSize = 10000
	}
	given := o.Setup.Parameters // the caller's: it is not written to
	o.Setup.Parameters = map[string]string{}
	maps.Copy(o.Setup.Parameters, given)
	agenda := world.NewAgenda()
	c := &Cloud{
		options: o, clock: o.Clock, router: router, handlers: handlers(),
		ids: world.NewIDs(o.Seed), stock: world.NewStock(o.Stock), prices: world.NewPrices(o.Seed),
		quotas: world.NewQuotas(), agenda: agenda, limits: limit.New(nil), delays: lag.NewDelays(),
		faults: fault.NewRules(), journal: journal.New(o.JournalSize), yard: join.NewYard(agenda, o.Joiner, o.Boot),
		types: types, zones: o.Setup.Zones, images: map[string]Image{}, identities: map[string]*Identity{},
		instances: newInstances(), templates: newTemplates(), profiles: map[string]*profile{},
		queues: map[string]*queue{}, tokens: newTokens(),
	}
	if !o.Unlimited {
		c.limits = limit.New(documentedRates(c.Calls()))
	}
	return c, c.populate(o.Setup)
}

func (c *Cloud) populate(s Setup) error {
	if len(s.Zones) == 0 {
		return errors.New("setup: there is no zone")
	}
	for _, in := range s.Subnets {
		prefix, err := netip.ParsePrefix(in.CIDR)
		if err != nil {
			return fmt.Errorf("setup: subnet %s: %w", in.ID, err)
		}
		addresses, err := world.NewAddresses(prefix, reservedAddresses)
		if err != nil {
			return fmt.Errorf("setup: subnet %s: %w", in.ID, err)
		}
		zone, ok := c.zone(in.Zone)
		if !ok {
			return fmt.Errorf("setup: subnet %s: there is no zone %q", in.ID, in.Zone)
		}
		c.subnets = append(c.subnets, &subnet{Subnet: in, prefix: prefix, addresses: addresses, zoneID: zone.ID})
	}
	slices.SortFunc(c.subnets, func(a, b *subnet) int { return compare(a.ID, b.ID) })
	for _, in := range s.Images {
		c.images[in.ID] = in
	}
	for _, in := range s.Reservations {
		if c.types.byName[in.Type] == nil {
			return fmt.Errorf("setup: reservation %s: there is no type %q", in.ID, in.Type)
		}
		c.reservations = append(c.reservations, &reservation{Reservation: in, left: in.Count})
		c.countReservation(in)
	}
	for _, in := range s.PlacementGroups {
		c.groups = append(c.groups, &group{PlacementGroup: in, perZone: map[string]int{}})
	}
	for _, name := range s.Queues {
		c.queues[name] = newQueue()
	}
	for _, in := range s.InstanceProfiles {
		if !slices.Contains(s.Roles, in.Role) {
			return fmt.Errorf("setup: instance profile %s: there is no role %q", in.Name, in.Role)
		}
		p := c.newProfile(in.Name, in.Path, in.Tags, c.clock.Now())
		p.role = in.Role
		c.profiles[in.Name] = p
	}
	return c.identify(s.Identities)
}

// reservedAddresses are the first ones of a subnet that AWS keeps.
const reservedAddresses = 4

func (c *Cloud) identify(identities []Identity) error {
	for _, in := range identities {
		for i, document := range in.Policies {
			parsed, err := policy.Parse(document)
			if err != nil {
				return fmt.Errorf("setup: identity %s: policy %d: %w", in.Role, i+1, err)
			}
			in.documents = append(in.documents, parsed)
		}
		c.identities[in.AccessKey] = &in
	}
	return nil
}

func (c *Cloud) zone(name string) (Zone, bool) {
	for _, z := range c.zones {
		if z.Name == name {
			return z, true
		}
	}
	return Zone{}, false
}

// Calls implements control.Target.
func (c *Cloud) Calls() []string { return slices.Sorted(maps.Keys(c.handlers)) }

// Faults implements control.Target.
func (c *Cloud) Faults() *fault.Rules { return c.faults }

// Stock implements control.Market.
func (c *Cloud) Stock() *world.Stock { return c.stock }

// Prices implements control.Market.
func (c *Cloud) Prices() *world.Prices { return c.prices }

// Quotas implements control.Market. The names are those of quotas.go.
func (c *Cloud) Quotas() *world.Quotas { return c.quotas }

// Journal implements control.Target.
func (c *Cloud) Journal() *journal.Journal { return c.journal }

// Yard implements control.Target.
func (c *Cloud) Yard() *join.Yard { return c.yard }

// Agenda is what happens later; a real clock needs its Loop.
func (c *Cloud) Agenda() *world.Agenda { return c.agenda }

// Limit implements control.Throttler.
func (c *Cloud) Limit(call string, r limit.Rate) { c.limits.Set(call, r) }

// Lag implements control.Target. The kinds are instance, launch-template,
// instance-profile and tags.
func (c *Cloud) Lag(kind string, d time.Duration) { c.delays.Set(kind, d) }

// Settle lets everything happen that is due.
func (c *Cloud) Settle() { c.agenda.Run(c.clock.Now()) }

// BlockAddresses implements control.AddressBlocker.
func (c *Cloud) BlockAddresses(subnetID string, free int) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := c.subnet(subnetID)
	if s == nil {
		return fmt.Errorf("subnet %s: %w", subnetID, control.ErrNotFound)
	}
	s.addresses.Block(0)
	s.addresses.Block(max(0, s.addresses.Free()-free))
	return nil
}

// Summary implements control.Target.
func (c *Cloud) Summary() map[string]any {
	c.mu.Lock()
	defer c.mu.Unlock()
	states := map[string]int{}
	now := c.clock.Now()
	for _, i := range c.instances.all {
		states[i.state(now)]++
	}
	free := map[string]int{}
	for _, s := range c.subnets {
		free[s.ID] = s.addresses.Free()
	}
	return map[string]any{
		"cloud": "aws", "instances": states, "freeAddresses": free, "launchTemplates": len(c.templates.byID),
		"instanceProfiles": len(c.profiles), "requests": c.journal.Total(), "time": now,
	}
}

// Env are the environment variables that point the SDK at an endpoint. bundle is the
// file with the certificate authority. STS is named by itself as well: for a web
// identity the SDK asks it before it heeds the endpoint of all services.
func (c *Cloud) Env(endpoint, bundle, control string) map[string]string {
	return map[string]string{
		"AWS_ENDPOINT_URL": endpoint, "AWS_ENDPOINT_URL_STS": endpoint, "AWS_CA_BUNDLE": bundle, "AWS_REGION": c.options.Setup.Region,
		"AWS_ACCESS_KEY_ID": c.accessKey(), "AWS_SECRET_ACCESS_KEY": "simulated",
		"AWS_EC2_METADATA_SERVICE_ENDPOINT": control,
	}
}

func (c *Cloud) accessKey() string {
	for _, key := range slices.Sorted(maps.Keys(c.identities)) {
		return key
	}
	return "AKIASIMULATED"
}

// ServeHTTP implements http.Handler: the endpoint of all services.
func (c *Cloud) ServeHTTP(w http.ResponseWriter, r *http.Request) { c.serve(w, r) }
