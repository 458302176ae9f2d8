package storetest_test

import (
	"testing"

	"twoseas/internal/store/storetest"
)

func TestSQLite(t *testing.T)   { storetest.Run(t, storetest.SQLite) }
func TestPostgres(t *testing.T) { storetest.PostgresSource(t); storetest.Run(t, storetest.Postgres) }
