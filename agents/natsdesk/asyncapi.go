package natsdesk

import _ "embed"

// AsyncAPI describes what is said over NATS, as an AsyncAPI 3.0 document.
//
//go:embed asyncapi.yaml
var AsyncAPI []byte
