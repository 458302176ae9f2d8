package api_test

import (
	"net/http"
	"strings"
	"testing"

	"twoseas/internal/act/people"
	"twoseas/internal/base/fault"
	"twoseas/internal/nodetest"
)

func TestAFileIsWrittenFetchedBroughtAndConfirmedOverTheInterface(t *testing.T) {
	in, jp := nodetest.IndiaJapan(t, nil)
	here, there := at(t, in), at(t, jp)
	for _, c := range []*client{here, there} {
		c.role("duty", people.DutyOfficer)
		c.role("first", people.ReleasingOfficer)
		c.role("analyst", people.Analyst)
	}
	base := "/api/v1/agreements/in-jp-2022/bundles"
	if status, _, _ := here.do("analyst", http.MethodPost, base, `{}`); status != http.StatusForbidden {
		t.Errorf("an analyst writes a file: %d", status)
	}
	there.want("duty", http.MethodPost, "/api/v1/keys/recipient", `{}`, http.StatusOK, "twoseas/recipient/v1")
	here.want("duty", http.MethodPost, "/api/v1/keys/recipient", `{}`, http.StatusOK)
	nodetest.Eventually(t, "the recipients are known on both sides", func() bool {
		a, err := in.Offline.Ready(t.Context(), in.Live, in.Operator(), nodetest.InJp)
		b, err2 := jp.Offline.Ready(t.Context(), jp.Live, jp.Operator(), nodetest.InJp)
		return err == nil && err2 == nil && !a.Theirs.IsZero() && !b.Theirs.IsZero()
	})
	here.want("first", http.MethodPost, base, `{}`, http.StatusAccepted, `"what":"writing"`)
	in.Shelf.AwaitWriting(t.Context(), nodetest.InJp, 1<<34)
	here.want("analyst", http.MethodGet, base, "", http.StatusOK, `"here":[{"number":1`)
	whole := here.want("duty", http.MethodGet, base+"/1/parts/1", "", http.StatusOK, "twoseas-bundle-file/1 ")
	here.want("duty", http.MethodGet, base+"/1/parts/2", "", http.StatusNotFound)
	there.want("duty", http.MethodPost, "/api/v1/brought", "GIF89a", http.StatusUnprocessableEntity)
	there.want("analyst", http.MethodPost, "/api/v1/brought", whole, http.StatusForbidden)
	body := there.want("duty", http.MethodPost, "/api/v1/brought", whole, http.StatusCreated, `"missing":[]`)
	_, rest, _ := strings.Cut(body, `"file":"`)
	file, _, _ := strings.Cut(rest, `"`)
	path := "/api/v1/brought/" + file
	for i, who := range []string{"duty", "first"} {
		there.want(who, http.MethodPost, path+"/look", "", http.StatusAccepted)
		jp.Shelf.AwaitFile(t.Context(), file, 1<<34)
		there.want(who, http.MethodGet, path, "", http.StatusOK, `"number":1`)
		there.want(who, http.MethodPost, path+"/confirm", "", http.StatusAccepted)
		jp.Shelf.AwaitFile(t.Context(), file, 1<<34)
		there.want(who, http.MethodGet, path, "", http.StatusOK, map[int]string{0: `"confirmed":["duty"]`, 1: `"taken":true`}[i])
	}
	work, err := jp.Shelf.One(t.Context(), jp.Live, people.Actor{Name: "duty", Roles: []people.Role{people.DutyOfficer}}, file)
	if err != nil || work.Work == nil {
		t.Fatal(err)
	}
	here.want("duty", http.MethodPost, base+"/code", `{"code":"`+work.Work.Taken.Code+`"}`, http.StatusOK, `"seen":"`)
	here.want("duty", http.MethodPost, base+"/code", `{"code":"1234"}`, http.StatusUnprocessableEntity)
	there.want("duty", http.MethodDelete, path, "", http.StatusNotFound)
	// Without a rule of the agreement nothing is asked.
	here.want("analyst", http.MethodPost, "/api/v1/agreements/in-jp-2022/matchings", `{"values":["a.example"]}`, http.StatusForbidden)
	here.want("analyst", http.MethodGet, "/api/v1/matchings/none", "", http.StatusNotFound, fault.Message(fault.New(fault.NotFound, "no question")))
}
