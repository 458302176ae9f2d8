package taxii

// HoldPages takes bytes of the budget for pages until the returned function is
// called.
func (s *Server) HoldPages(n int64) func() {
	s.inUse.Add(n)
	return func() { s.inUse.Add(-n) }
}

// InUse is what is taken of the budget.
func (s *Server) InUse() int64 { return s.inUse.Load() }

// Account is the need that names no collection.
const Account = int(account)

// ParseTime, Acceptable are what their names say.
var (
	ParseTime  = parseTime
	Acceptable = acceptable
)

// Cursor writes and reads a cursor.
func Cursor(binding string, added int64) string      { return cursor([]byte(binding), added) }
func ReadCursor(binding, s string) (int64, error)    { return readCursor([]byte(binding), s) }
func ParseQuery(raw string) (after int64, err error) { q, err := parseQuery(raw); return q.after, err }

func Binding(raw, endpoint, collection, id string) []byte {
	q, err := parseQuery(raw)
	if err != nil {
		return nil
	}
	return q.binding(endpoint, collection, id)
}
