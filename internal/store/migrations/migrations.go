// Package migrations holds the schema, one numbered forward-only file a step.
package migrations

import "embed"

// Files are the migrations, in goose's format with PostgreSQL's types.
//
//go:embed *.sql
var Files embed.FS
