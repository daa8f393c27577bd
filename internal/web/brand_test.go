package web_test

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"sallyport/internal/account"
	"sallyport/internal/apptest"
	"sallyport/internal/audit"
	"sallyport/internal/db/dbtest"
	"sallyport/internal/notify"
	"sallyport/internal/user"
)

// upload sends a file as the page's form does.
func upload(t *testing.T, c *apptest.Client, file []byte) *apptest.Page {
	t.Helper()
	var b bytes.Buffer
	form := multipart.NewWriter(&b)
	part, err := form.CreateFormFile("logo", "logo.png")
	if err == nil {
		_, err = part.Write(file)
	}
	if err == nil {
		err = form.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	r := c.Request(http.MethodPost, "/admin/brand/logo", nil)
	r.Body, r.ContentLength = io.NopCloser(&b), int64(b.Len())
	r.Header.Set("Content-Type", form.FormDataContentType())
	return c.Send(r)
}

func pngFile(t *testing.T, w, h int) []byte {
	t.Helper()
	p := image.NewPaletted(image.Rect(0, 0, w, h), color.Palette{color.NRGBA{0xb3, 0, 0x5e, 0xff}})
	var b bytes.Buffer
	if err := png.Encode(&b, p); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// address is of the first picture or style sheet under /brand/ on a page.
func address(t *testing.T, p *apptest.Page, ext string) string {
	t.Helper()
	path := p.Find(`"(/brand/[^"]+\.` + ext + `)"`)
	if path == "" {
		t.Fatalf("%s shows nothing from /brand/ that ends in .%s", p.Path, ext)
	}
	return path
}

// TestFace goes from the empty page to a door of one's own, and back.
func TestFace(t *testing.T) {
	apptest.Each(t, func(t *testing.T, s *apptest.Server) {
		c := boss(t, s)
		page := c.Get("/settings").Click("Appearance").Sees(http.StatusOK, "in place of Sallyport", "None yet.")
		before := s.Rows(t)
		for _, f := range []struct{ field, value, says string }{
			{"name", " ", "in 1 to 80 characters"},
			{"name", "A:B", "must not hold a colon"},
			{"name", "A\u202eB", "invisible"},
			{"accent", "red", "as in #0b5a68"},
			{"support", "javascript:alert(1)", "begins with https://"},
			{"issuer", "A:B", "without a colon"},
		} {
			typed := []string{"name", "Acme & Söhne", "accent", "#ff0000", "support", "help@acme.test", "issuer", "Acme VPN", f.field, f.value}
			refused := page.Press("Save", typed...).Sees(http.StatusUnprocessableEntity, f.says)
			for i := 0; i < 8; i += 2 { // nothing typed is lost
				want := typed[i+1]
				if typed[i] == f.field {
					want = f.value
				}
				if got := refused.Find(`name="` + typed[i] + `"[^>]*value="([^"]*)"`); unescaped(got) != want {
					t.Errorf("%s %q: the form holds %q for %s", f.field, f.value, got, typed[i])
				}
			}
		}
		same(t, before, s.Rows(t), "what was refused")

		page = page.Press("Save", "name", `Acme <b>"& Söhne`, "accent", "#FFFF00", "support", "help@acme.test", "issuer", "Acme VPN").Follow()
		page.Sees(http.StatusOK, "The appearance is saved.", "Darker than #ffff00").Lacks("Lighter than")
		if strings.Contains(page.Body, "<b>") {
			t.Error("markup in a name is markup on the page")
		}
		door := s.Client(t)
		door.Get("/sign-in").Sees(http.StatusOK, "Sallyport").Lacks("help@acme.test", "/brand/")
		seen := door.Get("/sign-in?account=acme").Sees(http.StatusOK, `Acme <b>"& Söhne`, "help@acme.test").Lacks("Sallyport")
		css := door.Get(address(t, seen, "css"))
		if css.Status != http.StatusOK || css.Header.Get("Content-Type") != "text/css; charset=utf-8" || !strings.Contains(css.Header.Get("Cache-Control"), "immutable") || !strings.Contains(css.Body, "#ffff00);") {
			t.Errorf("%d %v: %s", css.Status, css.Header, css.Body)
		}

		logo := upload(t, c, pngFile(t, 600, 100)).Follow().Sees(http.StatusOK, "The logo is saved.")
		path := address(t, logo, "png")
		seen = door.Get("/sign-in?account=acme").Sees(http.StatusOK)
		if address(t, seen, "png") != path {
			t.Error("the door has another logo")
		}
		picture := door.Get(path)
		h := picture.Header
		if picture.Status != http.StatusOK || h.Get("Content-Type") != "image/png" || h.Get("X-Content-Type-Options") != "nosniff" || !strings.Contains(h.Get("Cache-Control"), "immutable") ||
			!strings.HasPrefix(h.Get("Content-Security-Policy"), "default-src 'none'") {
			t.Errorf("%d %v", picture.Status, h)
		}
		if got, err := png.DecodeConfig(strings.NewReader(picture.Body)); err != nil || got.Width != 480 || got.Height != 80 {
			t.Errorf("%v, %v", got, err)
		}
		next := address(t, upload(t, c, pngFile(t, 40, 40)).Follow(), "png")
		s.Clock.Advance(time.Second)
		if next == path || door.Get(path).Status != http.StatusNotFound || door.Get(next).Status != http.StatusOK {
			t.Error("a new logo has no address of its own, or the old one is still there")
		}
		for _, no := range []string{"/brand/x", "/brand/" + strings.Repeat("0", 32) + ".png", "/brand/ffff00.css", "/brand/ffff00-000000000000.css", "/brand/FFFF00" + css.Path[len("/brand/ffff00"):], "/brand/red-1.css"} {
			if p := door.Get(no); p.Status != http.StatusNotFound || strings.Contains(p.Header.Get("Cache-Control"), "immutable") {
				t.Errorf("%s: %d, %s", no, p.Status, p.Header.Get("Cache-Control"))
			}
		}
		page = c.Get("/admin/brand").Press("Remove the logo").Follow().Sees(http.StatusOK, "The logo is removed.", "None yet.")
		page.Press("Save", "name", "Acme", "accent", "", "support", "", "issuer", "").Follow().Sees(http.StatusOK, "Sallyport")
		s.Clock.Advance(time.Second)
		if door.Get(next).Status != http.StatusNotFound {
			t.Error("a removed logo is still there")
		}
		door.Get("/sign-in?account=acme").Sees(http.StatusOK, "Sallyport").Lacks("/brand/", "help@acme.test")
	})
}

func unescaped(s string) string {
	return strings.NewReplacer("&amp;", "&", "&#34;", `"`, "&lt;", "<", "&#43;", "+").Replace(s)
}

const trailing = `<html><script>alert("polyglot")</script>`

// TestBadLogos: a clear word for each, nothing kept, nothing run.
func TestBadLogos(t *testing.T) {
	s := apptest.Start(t, dbtest.SQLite(t))
	c := boss(t, s)
	c.Get("/settings") // that the session was used is noted
	before := s.Rows(t)
	bomb := pngFile(t, 1, 1)
	binary.BigEndian.PutUint32(bomb[16:], 60000)
	binary.BigEndian.PutUint32(bomb[20:], 60000)
	binary.BigEndian.PutUint32(bomb[29:], crc32.ChecksumIEEE(bomb[12:29]))
	for name, tc := range map[string]struct {
		file []byte
		says string
	}{
		"nothing":   {nil, "Choose a PNG, JPEG or GIF"},
		"svg":       {[]byte(`<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>`), "SVG pictures can hold scripts"},
		"a page":    {[]byte(trailing), "Choose a PNG, JPEG or GIF"},
		"bomb":      {bomb, "2,000 pixels"},
		"truncated": {pngFile(t, 300, 300)[:60], "Choose a PNG, JPEG or GIF"},
		"300 KB":    {make([]byte, 300<<10), "at most 256 KB"},
	} {
		p := upload(t, c, tc.file).Sees(http.StatusUnprocessableEntity, tc.says)
		if strings.Contains(p.Body, "<svg xmlns") || p.Find(`id="logo"[^>]*(aria-invalid="true")`) == "" {
			t.Errorf("%s: the field does not say so", name)
		}
	}
	c.Post("/admin/brand/logo").Sees(http.StatusUnprocessableEntity, "Choose a PNG, JPEG or GIF")
	upload(t, c, make([]byte, 2<<20)).Sees(http.StatusRequestEntityTooLarge)
	same(t, before, s.Rows(t), "bad logos")

	var film, photo bytes.Buffer
	frame := image.NewPaletted(image.Rect(0, 0, 20, 10), color.Palette{color.White})
	if err := gif.EncodeAll(&film, &gif.GIF{Image: []*image.Paletted{frame, frame}, Delay: []int{1, 1}}); err != nil {
		t.Fatal(err)
	}
	if err := jpeg.Encode(&photo, frame, nil); err != nil {
		t.Fatal(err)
	}
	for _, file := range [][]byte{append(film.Bytes(), trailing...), append(photo.Bytes(), trailing...), append(pngFile(t, 20, 10), trailing...)} {
		p := c.Get(address(t, upload(t, c, file).Follow().Sees(http.StatusOK, "The logo is saved."), "png"))
		if strings.Contains(p.Body, "script") || p.Header.Get("Content-Type") != "image/png" {
			t.Errorf("what stood behind the picture is served: %q", p.Body)
		}
	}
}

// endless is a body without end that counts what is taken of it.
type endless struct{ taken int64 }

func (e *endless) Read(p []byte) (int, error) {
	e.taken += int64(len(p))
	if e.taken > 50<<20 {
		return 0, io.EOF
	}
	return len(p), nil
}

// TestHugeLogo: 50 MB are refused, declared or not, and never held.
func TestHugeLogo(t *testing.T) {
	s := apptest.Start(t, dbtest.SQLite(t))
	c := boss(t, s)
	for _, declared := range []int64{50 << 20, -1} {
		body := &endless{}
		r := c.Request(http.MethodPost, "/admin/brand/logo", nil)
		r.Body, r.ContentLength = io.NopCloser(io.MultiReader(strings.NewReader("--x\r\nContent-Disposition: form-data; name=\"logo\"; filename=\"x\"\r\n\r\n"), body)), declared
		r.Header.Set("Content-Type", "multipart/form-data; boundary=x")
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		p, err := c.Try(r)
		runtime.ReadMemStats(&after)
		if err == nil && p.Status != http.StatusRequestEntityTooLarge { // a connection closed while it is written to is an error at the client
			t.Errorf("declared %d: status %d", declared, p.Status)
		}
		if spent := after.TotalAlloc - before.TotalAlloc; spent > 16<<20 {
			t.Errorf("declared %d: %d bytes were allocated", declared, spent)
		}
	}
	c.Get("/admin/brand").Sees(http.StatusOK, "None yet.")
}

// TestWording is K19: a text is found, changed, shown, and restored.
func TestWording(t *testing.T) {
	apptest.Each(t, func(t *testing.T, s *apptest.Server) {
		c := boss(t, s)
		c.Get("/admin/brand").Click("See and change the texts").Sees(http.StatusOK, "The first 50 are listed", "Only your own (0)")
		c.Get("/admin/brand/texts?q=%00%ff%3Cb%3E&own=yes&language=fr").Sees(http.StatusOK, "0 texts found.")
		list := c.Get("/admin/brand/texts?q=APP+on+“{device}”&language=en").Sees(http.StatusOK, "verify.open_device").Lacks("signin.title")
		form := list.Click("verify.open_device").Sees(http.StatusOK, "Keep each of these: {device}").Lacks("Restore")
		before := s.Rows(t)
		for _, tc := range []struct{ text, says string }{
			{"Take the code", "The text must hold these places"},
			{"{device} {device}", "The text must hold these places"},
			{"{device} {time}", "The text must hold these places"},
			{"{device} {", "The text must hold these places"},
			{"{device}\u202e", "control characters or invisible ones"},
			{"", "Write a text, or restore the default one."},
			{"{device}" + strings.Repeat("x", 1000), "1000 characters"},
		} {
			p := form.Press("Save", "text", tc.text).Sees(http.StatusUnprocessableEntity, tc.says)
			if got := p.Find(`name="text"[^>]*value="([^"]*)"`); unescaped(got) != tc.text {
				t.Errorf("%q: the form holds %q", tc.text, got)
			}
		}
		c.Post("/admin/brand/text", "language", "en", "key", "no.such", "text", "x").Sees(http.StatusNotFound, "There is no such text")
		c.Post("/admin/brand/text", "language", "en", "key", "language", "text", "x").Sees(http.StatusNotFound, "There is no such text")
		c.Post("/admin/brand/text", "language", "fr", "key", "verify.title", "text", "x").Sees(http.StatusUnprocessableEntity, "Choose one of the languages")
		same(t, before, s.Rows(t), "what was refused")
		form.Press("Save", "text", "<i>Take</i> the code from {device}").Follow().Sees(http.StatusOK, "The text is saved.", "Only your own (1)")
		saved := c.Get("/admin/brand/texts?language=en&own=yes").Sees(http.StatusOK, "1 text found.", "<i>Take</i> the code")
		half := s.Client(t)
		half.SignIn(apptest.Ada, apptest.Password)
		half.Speaks = "de"
		half.Get("/sign-in/verify").Sees(http.StatusOK, "Öffnen Sie").Lacks("Take")
		half.Speaks = "en"
		p := half.Get("/sign-in/verify").Sees(http.StatusOK, "<i>Take</i> the code from My Phone")
		if strings.Contains(p.Body, "<i>") {
			t.Error("markup in a text is markup on the page")
		}
		saved.Click("verify.open_device").Sees(http.StatusOK, "Restore the default text")
		c.Post("/admin/brand/text", "language", "en", "key", "verify.open_device", "text", "x {device}", "reset", "yes").Follow().Sees(http.StatusOK, "The default text is restored.", "Only your own (0)")
		c.Post("/admin/brand/text", "language", "en", "key", "verify.open_device", "text", "x {device}", "reset", "yes").Follow().Sees(http.StatusOK, "The default text is restored.")
		half.Get("/sign-in/verify").Sees(http.StatusOK, "app on “My Phone”").Lacks("Take")
	})
}

// TestFacesStayApart: another account's face is neither shown nor changed, by anybody's cookie or form.
func TestFacesStayApart(t *testing.T) {
	s := apptest.Start(t, dbtest.SQLite(t))
	other, err := account.Create(t.Context(), s.DB, s.Clock.Now(), "other", "Other", audit.Operator())
	if err != nil {
		t.Fatal(err)
	}
	s.AddUser(t, other, "eve@other.test", "Eve", user.Owner)
	c := boss(t, s)
	c.Get("/admin/brand").Press("Save", "name", "Acme", "accent", "#b3005e", "support", "help@acme.test", "issuer", "").Follow()
	c.Get("/admin/brand/text?language=en&key=signin.title").Press("Save", "text", "Come in").Follow().Sees(http.StatusOK, "The text is saved.")
	eve := s.Client(t)
	eve.Get("/sign-in?account=other").Sees(http.StatusOK, "Sign in", "Sallyport").Lacks("Come in", "help@acme.test", "/brand/")
	eve.SignIn("eve@other.test", apptest.Password)
	for _, path := range []string{"/settings", "/admin/brand", "/admin/brand/texts?q=come+in", "/nowhere"} {
		p := eve.Get(path).Lacks("Come in<", "help@acme.test")
		if strings.Contains(p.Body, `"/brand/`) {
			t.Errorf("%s has another's face", path)
		}
	}
	door := s.Client(t)
	door.Get("/sign-in?account=acme").Sees(http.StatusOK, "Come in", "Acme")
	door.Post("/sign-in", "account", "acme", "email", apptest.Grace, "password", "wrong").Sees(http.StatusUnauthorized, "Come in")
	// By the cookie that the browser keeps, and the sign-in that waits for the second step.
	half := s.Client(t)
	half.Get("/sign-in?account=acme").Press("Sign in", "email", apptest.Ada, "password", apptest.Password).Follow().Sees(http.StatusOK, "help@acme.test")
	if p := half.Get("/sign-in/methods"); !strings.Contains(p.Body, `"/brand/`) {
		t.Errorf("the second step has no face: %s", p.Text())
	}
	half.Get("/sign-in/verify").Press("Cancel").Follow().Sees(http.StatusOK, "Come in")
	half.Get("/forgot-password").Sees(http.StatusOK, "help@acme.test")
}

// TestFaceInMails: mails bear the name, the words and the support address, and no picture.
func TestFaceInMails(t *testing.T) {
	s := apptest.Start(t, dbtest.SQLite(t), apptest.WithInbox)
	c := boss(t, s)
	c.Get("/admin/brand").Press("Save", "name", "Acme", "accent", "#b3005e", "support", "https://acme.test/help", "issuer", "").Follow()
	c.Get("/admin/brand/text?language=en&key=mail.test.title").Press("Save", "text", "Hello <b> from us").Follow()
	c.Get("/admin/mail").Press("Send a test message").Follow().Sees(http.StatusOK)
	sent := s.Messages(t) // notices may come later
	i := slices.IndexFunc(sent, func(m notify.Received) bool { return m.Subject == "Hello <b> from us" })
	if i < 0 {
		t.Fatalf("it is not among %+v", sent)
	}
	if m := sent[i]; m.To != apptest.Ada || !strings.Contains(m.Text, "https://acme.test/help") || !strings.Contains(m.Text, "Acme sent this") || strings.Contains(m.Text, "Sallyport") {
		t.Errorf("%s\n%s", m.Subject, m.Text)
	}
}

// TestQRBearsTheIssuer: the name in the app is the one chosen.
func TestQRBearsTheIssuer(t *testing.T) {
	s := apptest.Start(t, dbtest.SQLite(t))
	c := boss(t, s)
	c.Get("/admin/brand").Press("Save", "name", "Acme", "accent", "", "support", "", "issuer", "Acme VPN").Follow()
	grace := s.SignedIn(t, apptest.Grace)
	p := grace.Get("/settings/two-factor/add").Press("Add", "name", "Phone", "password", apptest.Password)
	uri, err := url.Parse(unescaped(p.Find(`href="(otpauth://[^"]+)"`)))
	if err != nil || uri.Query().Get("issuer") != "Acme VPN" {
		t.Errorf("%v, %v", uri, err)
	}
}

// TestFaceCosts: who has no face of their own, and who has one that was read before, costs no statement more.
func TestFaceCosts(t *testing.T) {
	s := apptest.Start(t, dbtest.SQLite(t))
	c := boss(t, s)
	// The least of several, because the outbox is looked at meanwhile.
	least := func(do func()) (n int64) {
		n = 1000
		for range 8 {
			before := s.DB.Stats().Statements
			do()
			n = min(n, s.DB.Stats().Statements-before)
		}
		return n
	}
	spent := func(path string) int64 { return least(func() { c.Get(path).Sees(http.StatusOK) }) }
	paths := []string{"/settings", "/settings/two-factor"}
	var plain []int64
	for _, path := range paths {
		plain = append(plain, spent(path))
	}
	door := func() int64 { return least(func() { s.Client(t).Get("/sign-in?account=acme").Sees(http.StatusOK) }) }
	plain = append(plain, door())
	c.Get("/admin/brand").Press("Save", "name", "Acme", "accent", "#b3005e", "support", "help@acme.test", "issuer", "X").Follow()
	c.Get("/admin/brand/text?language=en&key=signin.title").Press("Save", "text", "Come in").Follow()
	upload(t, c, pngFile(t, 40, 40))
	var faced []int64
	for _, path := range paths {
		faced = append(faced, spent(path))
	}
	if faced = append(faced, door()); !slices.Equal(plain, faced) {
		t.Errorf("without a face %d statements, with one %d", plain, faced)
	}
}
