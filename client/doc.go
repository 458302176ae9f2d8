// Package client is a client of a node's interface for programs, /api/v1. It is
// made from the node's own description (docs/openapi.yaml): do not edit it, run
// make generate.
//
// Every operation is a method of Client that returns an *http.Response, and of
// ClientWithResponses that reads the answer too. Send credentials with an
// editor of requests, as Bearer and Password make, and an Idempotency-Key with
// each write, so that it can be repeated safely.
package client

//go:generate go test twoseas/internal/edge/api -run TestTheDescriptionIsTheCommittedOne -count 1 -update
//go:generate go tool -modfile=../tools/go.mod oapi-codegen -config oapi-codegen.yaml openapi-3.0.yaml
