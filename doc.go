// Package candor is a customer-service assistant that answers only from
// first-party data the customer consented to, shows in every answer which data
// it used and under which consent, and hands the conversation to a human agent.
//
// The program is in cmd/assistant; docs/design says why the parts are as they
// are. This package holds nothing but the test of the architecture.
package candor
