package fetch

// Admit is admit, for tests.
var Admit = admit
