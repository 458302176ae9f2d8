package store

import "testing"

func TestTablesFindsEveryTableAndColumn(t *testing.T) {
	all, err := tables()
	if err != nil || len(all) < 30 {
		t.Fatalf("got %d tables, %v", len(all), err)
	}
	for _, tab := range all {
		if len(tab.columns) == 0 {
			t.Errorf("%s has no columns", tab.name)
		}
		for _, c := range tab.columns {
			switch c.Type {
			case "bigint", "text", "bytea", "boolean":
			default:
				t.Errorf("%s.%s has type %q", tab.name, c.Name, c.Type)
			}
		}
	}
}
