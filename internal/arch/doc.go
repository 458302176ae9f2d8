// Package arch holds the house to its plan. It has no code of its own: its
// tests read the import graph and the sources, and fail with the chain of
// imports, or the line, that breaks a rule of ARCHITECTURE.md.
//
// To add a room, a dependency or an exception, change the tables in
// layers_test.go and modules_test.go, and say why in the same commit.
package arch
