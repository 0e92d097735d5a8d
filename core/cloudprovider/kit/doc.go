// SPDX-License-Identifier: Apache-2.0

// Package kit is the map of what providers would otherwise each write again.
//
// The packages below it are parts to compose: none knows a cloud, and a provider
// takes those it needs. What they do is specified in docs/spec/provider-kit.md.
//
//	health        which offerings are out of stock, how widely, and until when
//	catalogue     what is on sale, in generations; the same pointer for the same content
//	quota         what a limit of the account leaves, launches under way counted
//	address       which network of a zone has addresses left
//	price         what an hour costs, and what to think while nobody says
//	errortable    what a cloud's error means, as rows of data
//	ledger        was a machine launched for this NodeClaim?
//	batch         many callers, one request
//	cache         what was read lately, and how old it is
//	retry         a throttled call, again
//	nodeclass     lookup, conditions, hash, termination and validation of a NodeClass
//	collect       machines that no NodeClaim has, and NodeClaims that no machine has
//	tag           tags that a machine gets once its node is known, and changes in place
//	interruption  what a notice about a machine leads to
//	refresh       what is to be done every so often
//	kubelet       what of a machine pods can use
//	observed      how much memory Nodes turned out to have
//	bootstrap     the blocks that boot data are made of
//
// Beside the contract they know the API types and, where they are controllers, the
// client. They import neither the engine's decisions nor a controller of the core.
package kit
