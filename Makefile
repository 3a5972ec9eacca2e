# What takes longer than .ci/run, which is every check.

ROUNDS ?= 100
SEED ?= 0
ONLY ?=

.PHONY: soak
soak: # two replicas, PostgreSQL and a NATS cluster under load, and one process alone, while they are killed, or lose their power
	go test ./soak -v -count=1 -run TestSoak -timeout 60m -soak.rounds=$(ROUNDS) -soak.seed=$(SEED) -soak.only='$(ONLY)'
	go test ./cmd/assistant -v -count=1 -run TestLogKilled -timeout 60m -log.rounds=$$((2 * $(ROUNDS)))
	go test ./agents/natsdesk -v -count=1 -run TestKilled -timeout 90m -desk.rounds=$(ROUNDS) -desk.handoffs=1000
	go test ./agents/natsdesk -v -count=1 -run 'TestLeadersFall|TestHandedOverWithoutNATS' -timeout 30m -desk.leaders=20 -desk.away=1m
	go test ./cmd/assistant -v -count=1 -run TestPowerCut -timeout 30m -power.rounds=50
