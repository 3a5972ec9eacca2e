# What takes longer than .ci/run, which is every check.

ROUNDS ?= 100
SEED ?= 0
ONLY ?=

.PHONY: soak
soak: # two replicas, PostgreSQL and a NATS cluster under load, and one process alone, while they are killed
	go test ./soak -v -count=1 -run TestSoak -timeout 60m -soak.rounds=$(ROUNDS) -soak.seed=$(SEED) -soak.only='$(ONLY)'
	go test ./cmd/assistant -v -count=1 -run TestLogKilled -timeout 60m -log.rounds=$$((2 * $(ROUNDS)))
