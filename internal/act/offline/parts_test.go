package offline_test

import (
	"bytes"
	"io"
	"slices"
	"testing"

	"twoseas/internal/act/offline"
	"twoseas/internal/base/fault"
)

type file struct {
	bytes.Buffer
}

func (*file) Close() error { return nil }

func split(t *testing.T, raw []byte, limit int64) []*file {
	t.Helper()
	var files []*file
	if err := offline.Split(bytes.NewReader(raw), limit, func(part, of int) (io.WriteCloser, error) {
		if part != len(files)+1 {
			t.Errorf("part %d of %d comes after %d", part, of, len(files))
		}
		files = append(files, &file{})
		return files[len(files)-1], nil
	}); err != nil {
		t.Fatal(err)
	}
	return files
}

func sources(files []*file) (out []offline.Source) {
	for _, f := range files {
		out = append(out, source(f.Bytes()))
	}
	return out
}

func joined(t *testing.T, files []*file) ([]byte, error) {
	t.Helper()
	src, err := offline.Join(sources(files))
	if err != nil {
		return nil, err
	}
	r, err := src()
	if err != nil {
		return nil, err
	}
	defer r.Close()
	return io.ReadAll(r)
}

func TestPartsComeTogetherInAnyOrder(t *testing.T) {
	raw := bytes.Repeat([]byte("0123456789"), 1000)
	for _, limit := range []int64{0, 1 << 30, 10_000, 9_999, 5_000, 3_333, 100} {
		files := split(t, raw, limit)
		slices.Reverse(files)
		if got, err := joined(t, files); err != nil || !bytes.Equal(got, raw) {
			t.Errorf("limit %d, %d parts: %d bytes, %v", limit, len(files), len(got), err)
		}
	}
	if got, err := joined(t, split(t, nil, 10)); err != nil || len(got) != 0 {
		t.Errorf("of nothing: %v %v", got, err)
	}
	err := offline.Split(bytes.NewReader(raw), 0+1, func(int, int) (io.WriteCloser, error) { return &file{}, nil })
	if err != nil {
		t.Error(err) // ten thousand parts are allowed
	}
	err = offline.Split(bytes.NewReader(append(raw, 'x')), 1, nil)
	want(t, err, fault.Invalid, "choose larger ones")
}

func TestWhatIsWrongWithThePartsIsSaid(t *testing.T) {
	raw := bytes.Repeat([]byte("0123456789"), 100)
	whole, other := split(t, raw, 300), split(t, raw[1:], 300)
	damaged := func(change func([]byte) []byte) []*file {
		files := slices.Clone(whole)
		files[1] = &file{}
		files[1].Write(change(bytes.Clone(whole[1].Bytes())))
		return files
	}
	for name, c := range map[string]struct {
		files []*file
		kind  fault.Kind
		text  string
	}{
		"two are missing": {whole[1:3], fault.NotFound, "these are missing: 1, 4"},
		"none":            {nil, fault.Invalid, "no file given"},
		"one twice":       {append(slices.Clone(whole), whole[2]), fault.Invalid, "part 3 of 4 is given twice"},
		"one of another":  {append(slices.Clone(whole[:3]), other[3]), fault.Invalid, "different bundles"},
		"a byte changed":  {damaged(func(b []byte) []byte { b[len(b)-1] ^= 1; return b }), fault.Invalid, "part 2 of 4 is damaged"},
		"a byte missing":  {damaged(func(b []byte) []byte { return b[:len(b)-1] }), fault.Invalid, "part 2 of 4 is damaged"},
		"a byte more":     {damaged(func(b []byte) []byte { return append(b, 'x') }), fault.Invalid, "part 2 of 4 is damaged"},
		"no file of ours": {damaged(func([]byte) []byte { return []byte("PK\x03\x04") }), fault.Invalid, "not a file of a bundle"},
		"an endless line": {damaged(func([]byte) []byte { return bytes.Repeat([]byte("twoseas-bundle-file/1 "), 1e5) }), fault.Invalid, "not a file of a bundle"},
	} {
		_, err := joined(t, c.files)
		if !fault.Is(err, c.kind) {
			t.Errorf("%s: %v", name, err)
			continue
		}
		want(t, err, c.kind, c.text)
	}
}
