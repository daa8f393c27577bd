package account_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/png"
	"strings"
	"sync"
	"testing"
	"time"

	"sallyport/internal/account"
	"sallyport/internal/audit"
	"sallyport/internal/brand"
	"sallyport/internal/db"
	"sallyport/internal/db/dbtest"
	"sallyport/internal/errs"
	"sallyport/internal/texts"
)

var faceNow = time.Date(2026, time.March, 3, 14, 5, 0, 0, time.UTC)

func mustMake(t *testing.T, d *db.DB, slug string) account.Account {
	t.Helper()
	a, err := account.Create(t.Context(), d, faceNow, slug, strings.ToUpper(slug), audit.Operator())
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func again(t *testing.T, d *db.DB, a account.Account) account.Account {
	t.Helper()
	a, err := account.Get(t.Context(), d, a.ID)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func picture(t *testing.T, w, h int) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewGray(image.Rect(0, 0, w, h))); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestLook(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx := t.Context()
		acme, other := mustMake(t, d, "acme"), mustMake(t, d, "other")
		if acme.Brand("Sallyport") != "Sallyport" || acme.Issuer() != "ACME" || acme.Face != (account.Face{}) {
			t.Errorf("a new account looks like %+v", acme.Face)
		}
		for _, tc := range []struct {
			look account.Look
			want error
		}{
			{account.Look{Name: " "}, account.ErrName},
			{account.Look{Name: "A:B"}, account.ErrName},
			{account.Look{Name: "A\r\nBcc: x"}, account.ErrName},
			{account.Look{Name: "A\u202eB"}, account.ErrName},
			{account.Look{Name: "A\u2028B"}, account.ErrName},
			{account.Look{Name: "Acme", Accent: "red"}, brand.ErrColour},
			{account.Look{Name: "Acme", Accent: "#fff"}, brand.ErrColour},
			{account.Look{Name: "Acme", Accent: "#ffffff;}body{"}, brand.ErrColour},
			{account.Look{Name: "Acme", Support: "help"}, account.ErrSupport},
			{account.Look{Name: "Acme", Support: "http://acme.test"}, account.ErrSupport},
			{account.Look{Name: "Acme", Support: "javascript:alert(1)"}, account.ErrSupport},
			{account.Look{Name: "Acme", Support: "https://"}, account.ErrSupport},
			{account.Look{Name: "Acme", Support: "https://user@acme.test"}, account.ErrSupport},
			{account.Look{Name: "Acme", Support: "https://acme.test/\r\nx"}, account.ErrSupport},
			{account.Look{Name: "Acme", Support: "a@b.test, c@d.test"}, account.ErrSupport},
			{account.Look{Name: "Acme", Issuer: "A:B"}, account.ErrIssuer},
			{account.Look{Name: "Acme", Issuer: strings.Repeat("x", 81)}, account.ErrIssuer},
			{account.Look{Name: "Acme", Issuer: "A\u200bB"}, account.ErrIssuer},
		} {
			if err := account.SetLook(ctx, d, faceNow, acme.ID, tc.look, audit.Operator()); !errors.Is(err, tc.want) {
				t.Errorf("%+v: %v, want %v", tc.look, err, tc.want)
			}
		}
		if got := again(t, d, acme); got.Face != (account.Face{}) || got.Name != "ACME" {
			t.Errorf("what was refused left %+v", got)
		}
		look := account.Look{Name: `Acme <b> "& Söhne"`, Accent: "#FFFF00", Support: "help+2fa@acme.test", Issuer: "Acme VPN"}
		if err := account.SetLook(ctx, d, faceNow, acme.ID, look, audit.Operator()); err != nil {
			t.Fatal(err)
		}
		got := again(t, d, acme)
		if look.Accent = "#ffff00"; got.Look() != look || got.Issuer() != "Acme VPN" || got.Brand("Sallyport") != look.Name {
			t.Errorf("it looks like %+v", got)
		}
		if err := account.SetLook(ctx, d, faceNow, "acc_none", look, audit.Operator()); !errors.Is(err, account.ErrNotFound) {
			t.Errorf("no account: %v", err)
		}
		if after := again(t, d, other); after.Face != other.Face || after.Name != "OTHER" {
			t.Errorf("the other one looks like %+v", after)
		}
		if n := events(t, d, acme); n != 1 {
			t.Errorf("%d events", n)
		}
		if err := account.SetLook(ctx, d, faceNow, acme.ID, look, audit.Operator()); err != nil || events(t, d, acme) != 1 {
			t.Errorf("saved as it was: %v, %d events", err, events(t, d, acme))
		}
	})
}

func TestSupportLink(t *testing.T) {
	for address, want := range map[string]string{
		"help@acme.test": "mailto:help@acme.test", "a?subject=x@acme.test": "mailto:a%3Fsubject=x@acme.test", "https://acme.test/help?a=1#b": "https://acme.test/help?a=1#b",
		"": "", "HTTPS://acme.test": "https://acme.test", "https:acme.test": "", "//acme.test": "", "https://acme.test/ x": "", "https://acme\u202e.test": "",
	} {
		if got := account.SupportLink(address); got != want {
			t.Errorf("%q leads to %q", address, got)
		}
	}
}

// events counts how often a face was changed.
func events(t *testing.T, d *db.DB, a account.Account) (n int) {
	t.Helper()
	if err := d.Get(t.Context(), `SELECT count(*) FROM audit_events WHERE account_id = $1 AND action = $2`, []any{a.ID, string(audit.AccountFaceChanged)}, &n); err != nil {
		t.Fatal(err)
	}
	return n
}

func TestLogo(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx := t.Context()
		now := faceNow
		faces := account.NewFaces(d, func() time.Time { return now })
		acme, other := mustMake(t, d, "acme"), mustMake(t, d, "other")
		for _, a := range []account.Account{acme, other} {
			if err := account.SetLogo(ctx, d, faceNow, a.ID, picture(t, 40, 20), audit.Operator()); err != nil {
				t.Fatal(err)
			}
		}
		one, two := again(t, d, acme).Face.Logo, again(t, d, other).Face.Logo
		if one.File == two.File || one.Width != 40 || one.Height != 20 {
			t.Errorf("%+v and %+v", one, two)
		}
		first, err := faces.Logo(ctx, one.File)
		if err != nil {
			t.Fatal(err)
		}
		if c, err := png.DecodeConfig(bytes.NewReader(first)); err != nil || c.Width != 40 {
			t.Errorf("%v, %v", c, err)
		}
		before := d.Stats().Statements
		if again, err := faces.Logo(ctx, one.File); err != nil || !bytes.Equal(again, first) || d.Stats().Statements != before {
			t.Errorf("within a second it is read anew: %v", err)
		}
		if err := account.SetLogo(ctx, d, faceNow, acme.ID, picture(t, 50, 20), audit.Operator()); err != nil {
			t.Fatal(err)
		}
		now = now.Add(time.Second)
		if _, err := faces.Logo(ctx, one.File); !errors.Is(err, account.ErrNoLogo) {
			t.Errorf("the replaced one: %v", err)
		}
		if err := account.RemoveLogo(ctx, d, faceNow, acme.ID, audit.Operator()); err != nil {
			t.Fatal(err)
		}
		if f := again(t, d, acme).Face; f.Shown() {
			t.Errorf("after its end it looks like %+v", f)
		}
		if _, err := faces.Logo(ctx, two.File); err != nil {
			t.Errorf("the other's: %v", err)
		}
		for _, file := range []string{"", "x", strings.Repeat("0", 32), strings.Repeat("\x00", 32), strings.Repeat("\xff", 32), strings.ToUpper(two.File) + ".", "../" + two.File} {
			if _, err := faces.Logo(ctx, file); !errors.Is(err, account.ErrNoLogo) {
				t.Errorf("%q: %v", file, err)
			}
		}
		if err := account.SetLogo(ctx, d, faceNow, acme.ID, []byte("<svg/>"), audit.Operator()); !errors.Is(err, brand.ErrSVG) {
			t.Errorf("svg: %v", err)
		}
	})
}

func TestOwnTexts(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx := t.Context()
		faces := account.NewFaces(d, func() time.Time { return faceNow })
		acme, other := mustMake(t, d, "acme"), mustMake(t, d, "other")
		say := func(a account.Account, l texts.Language, key string) string {
			t.Helper()
			c, err := faces.Catalogue(ctx, again(t, d, a), l)
			if err != nil {
				t.Fatal(err)
			}
			return c[key]
		}
		set := func(l texts.Language, key, own string, want error) {
			t.Helper()
			if err := account.SetText(ctx, d, faceNow, acme.ID, l, key, own, audit.Operator()); !errors.Is(err, want) {
				t.Errorf("%s %q: %v, want %v", key, own, err, want)
			}
		}
		set("fr", "verify.button", "x", account.ErrLanguage)
		set(texts.English, "nothing", "x", texts.ErrKey)
		set(texts.English, "verify.button", "a\nb", texts.ErrText)
		set(texts.English, "verify.open_device", "the place is lost", texts.ErrPlace)
		if a := again(t, d, acme); a.Wording != 0 {
			t.Errorf("what was refused counts: %d", a.Wording)
		}
		set(texts.English, "verify.button", "Submit", nil)
		set(texts.English, "verify.button", "Submit it", nil)
		if got := say(acme, texts.English, "verify.button"); got != "Submit it" {
			t.Errorf("English says %q", got)
		}
		for _, tc := range []struct {
			a account.Account
			l texts.Language
		}{{acme, texts.German}, {other, texts.English}} {
			if got := say(tc.a, tc.l, "verify.button"); got != texts.In(tc.l)["verify.button"] {
				t.Errorf("%s in %s says %q", tc.a.Slug, tc.l, got)
			}
		}
		a := again(t, d, acme)
		before := d.Stats().Statements
		for range 3 {
			if _, err := faces.Catalogue(ctx, a, texts.English); err != nil {
				t.Fatal(err)
			}
			if _, err := faces.Catalogue(ctx, other, texts.English); err != nil {
				t.Fatal(err)
			}
		}
		if n := d.Stats().Statements - before; n != 0 {
			t.Errorf("%d statements for what was read before", n)
		}
		if err := account.RestoreText(ctx, d, faceNow, other.ID, texts.English, "verify.button", audit.Operator()); !errors.Is(err, account.ErrNotOwn) {
			t.Errorf("another account's: %v", err)
		}
		if err := account.RestoreText(ctx, d, faceNow, acme.ID, texts.English, "verify.button", audit.Operator()); err != nil {
			t.Fatal(err)
		}
		if got := say(acme, texts.English, "verify.button"); got != "Verify" {
			t.Errorf("restored it says %q", got)
		}
		if err := account.RestoreText(ctx, d, faceNow, acme.ID, texts.English, "verify.button", audit.Operator()); !errors.Is(err, account.ErrNotOwn) {
			t.Errorf("twice: %v", err)
		}
		if n := events(t, d, acme); n != 3 {
			t.Errorf("%d events, want 3", n)
		}
	})
}

// TestFaceTogether: of administrators at the same moment each is carried out or told so, and the logo that the face names is there.
func TestFaceTogether(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		acme := mustMake(t, d, "acme")
		var wg sync.WaitGroup
		results := make(chan error, 20)
		for n := range cap(results) / 2 {
			wg.Go(func() {
				results <- account.SetLook(context.Background(), d, faceNow, acme.ID, account.Look{Name: "Acme", Accent: fmt.Sprintf("#0000%02d", n)}, audit.Operator())
			})
			wg.Go(func() {
				results <- account.SetLogo(context.Background(), d, faceNow, acme.ID, picture(t, 40+n, 20), audit.Operator())
			})
		}
		wg.Wait()
		close(results)
		done := 0
		for err := range results {
			if err == nil {
				done++
			} else if e := errs.From(err); e.Code != "face_changed" {
				t.Error(err)
			}
		}
		f := again(t, d, acme).Face
		if n := events(t, d, acme); n != done || done == 0 {
			t.Errorf("%d were carried out, %d are recorded", done, n)
		}
		if f.Logo.File != "" {
			if _, err := account.NewFaces(d, time.Now).Logo(t.Context(), f.Logo.File); err != nil {
				t.Errorf("%+v: %v", f.Logo, err)
			}
		}
	})
}
