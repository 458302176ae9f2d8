package webtest_test

import (
	"testing"

	"twoseas/internal/nodetest"
	"twoseas/internal/webtest"
)

func TestAPageThatIsNotThereHasNothingWrongWithIt(t *testing.T) {
	in := nodetest.Start(t, "in", nil)
	tab := webtest.Open(t).Tab(t, in.Run.URL)
	tab.Go("/nothing")
	tab.See("Nothing here")
	for _, f := range append(tab.Axe(), tab.Problems()...) {
		t.Error(f)
	}
	tab.Click("button[name=lang][value=ja]")
	tab.See("ここには何もありません")
}
