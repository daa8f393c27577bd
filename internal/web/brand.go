package web

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"sallyport/internal/account"
	"sallyport/internal/brand"
	"sallyport/internal/httpx"
	"sallyport/internal/session"
	"sallyport/internal/texts"
)

const (
	// uploadBody is the most that comes in with a logo: more than a logo may have, so that the form can say so of what is a little too large.
	uploadBody = 1 << 20
	// textsListed is how many texts a page lists.
	textsListed = 50
)

// appearanceView describes the page with what is stored.
func (s *Site) appearanceView(r *http.Request) Appearance {
	who := signed(r)
	l := who.Account.Look()
	var c Chrome
	s.face(r, &c)
	v := Appearance{
		Product: s.Product, Name: l.Name, Accent: l.Accent, Support: l.Support, Issuer: l.Issuer, Chosen: l.Accent, Logo: c.Face,
		Locked: who.Level != session.AAL2,
	}
	if accent, err := brand.ParseColour(l.Accent); err == nil {
		light, dark := brand.Schemes(accent)
		v.Light = Swatch{light.Accent.String(), light.On.String(), brand.White.String(), light.Moved}
		v.Dark = Swatch{dark.Accent.String(), dark.On.String(), brand.DarkPaper.String(), dark.Moved}
	}
	return v
}

func (s *Site) showAppearance(w http.ResponseWriter, r *http.Request) error {
	return s.render(w, r, http.StatusOK, PlaceBrand, s.appearanceView(r))
}

// faceSet leads on after a change. The session of who made it is read anew, so that they see it at once.
func (s *Site) faceSet(w http.ResponseWriter, r *http.Request, path string, n Notice) error {
	who := signed(r)
	s.Sessions.Forget(who.AccountID, who.UserID)
	return done(w, path, n)
}

// setAppearance saves the name, colour, support address and issuer.
func (s *Site) setAppearance(w http.ResponseWriter, r *http.Request) error {
	form, err := httpx.Form(r, "name", "accent", "support", "issuer")
	if err != nil {
		return err
	}
	look := account.Look{Name: form.Get("name"), Accent: form.Get("accent"), Support: form.Get("support"), Issuer: form.Get("issuer")}
	if err := s.Admin.SetLook(r.Context(), signed(r), look, by(r)); err != nil {
		v := s.appearanceView(r)
		v.Name, v.Accent, v.Support, v.Issuer = look.Name, look.Accent, look.Support, look.Issuer
		return s.again(r, err, PlaceBrand, func(f *FormError) View { v.Error = f; return v })
	}
	return s.faceSet(w, r, "/admin/brand", NoticeFaceSet)
}

// setLogo takes a picture, or takes the one there is away.
func (s *Site) setLogo(w http.ResponseWriter, r *http.Request) error {
	file, err := httpx.Upload(r, "logo", brand.MaxUpload)
	if err != nil {
		return err
	}
	n := NoticeLogoSet
	if file == nil {
		form, err := httpx.Form(r, "remove")
		if err != nil {
			return err
		}
		if form.Has("remove") {
			n = NoticeLogoGone
		}
	}
	if n == NoticeLogoGone {
		err = s.Admin.RemoveLogo(r.Context(), signed(r), by(r))
	} else {
		err = s.Admin.SetLogo(r.Context(), signed(r), file, by(r))
	}
	if err != nil {
		v := s.appearanceView(r)
		return s.again(r, err, PlaceBrand, func(f *FormError) View { v.Error = f; return v })
	}
	return s.faceSet(w, r, "/admin/brand", n)
}

// worded is the language whose texts are meant: the one that is named, or the reader's.
func wordedLanguage(r *http.Request, named string) texts.Language {
	if l := texts.Language(named); slices.Contains(texts.Languages(), l) {
		return l
	}
	return languageOf(r)
}

// showTexts lists the texts of a language in which what is sought stands: in the key, the text or the organisation's own.
func (s *Site) showTexts(w http.ResponseWriter, r *http.Request) error {
	query := r.URL.Query()
	l := wordedLanguage(r, query.Get("language"))
	own, err := s.Admin.OwnTexts(r.Context(), signed(r), l)
	if err != nil {
		return err
	}
	v := Wording{Language: string(l), Query: strings.ToValidUTF8(query.Get("q"), ""), Own: query.Has("own")}
	sought := strings.ToLower(strings.TrimSpace(v.Query))
	say := texts.In(l)
	for _, key := range say.Keys() {
		t := WordedText{Key: key, Default: say[key], Own: own[key]}
		if t.Own != "" {
			v.Owned++
		}
		if v.Own && t.Own == "" || !strings.Contains(strings.ToLower(t.Key+"\n"+t.Default+"\n"+t.Own), sought) {
			continue
		}
		if v.Found++; v.Found <= textsListed {
			v.Texts = append(v.Texts, t)
		}
	}
	return s.render(w, r, http.StatusOK, PlaceBrand, v)
}

// textView describes the page of one text, or fails with texts.ErrKey.
func (s *Site) textView(r *http.Request, l texts.Language, key, query string) (TextForm, error) {
	say := texts.In(l)
	if !say.Editable(key) {
		return TextForm{}, texts.ErrKey
	}
	own, err := s.Admin.OwnTexts(r.Context(), signed(r), l)
	v := TextForm{
		WordedText: WordedText{Key: key, Default: say[key], Own: own[key]}, Language: string(l), Query: strings.ToValidUTF8(query, ""),
		Text: say[key], Places: slices.Compact(texts.Places(say[key])), Locked: signed(r).Level != session.AAL2,
	}
	if v.Own != "" {
		v.Text = v.Own
	}
	return v, err
}

func (s *Site) showText(w http.ResponseWriter, r *http.Request) error {
	query := r.URL.Query()
	if query.Get("key") == "" { // opened by its bare address
		return httpx.SeeOther(w, "/admin/brand/texts")
	}
	v, err := s.textView(r, wordedLanguage(r, query.Get("language")), query.Get("key"), query.Get("q"))
	if err != nil {
		return err
	}
	return s.render(w, r, http.StatusOK, PlaceBrand, v)
}

// setText saves the organisation's own wording, or restores the default one.
func (s *Site) setText(w http.ResponseWriter, r *http.Request) error {
	form, err := httpx.Form(r, "language", "key", "q", "text", "reset")
	if err != nil {
		return err
	}
	l, key, n := texts.Language(form.Get("language")), form.Get("key"), NoticeTextSet
	if form.Has("reset") {
		n = NoticeTextRestored
		if err = s.Admin.RestoreText(r.Context(), signed(r), l, key, by(r)); errors.Is(err, account.ErrNotOwn) {
			err = nil // pressed twice: it is restored
		}
	} else {
		err = s.Admin.SetText(r.Context(), signed(r), l, key, form.Get("text"), by(r))
	}
	if err == nil {
		list := url.Values{"language": {string(l)}, "q": {form.Get("q")}}
		back, ok := httpx.ReturnTo(withQuery("/admin/brand/texts", list))
		if !ok || form.Get("q") == "" { // what was sought can't stand in an address that we lead to: the whole list, then
			list.Del("q")
			back = withQuery("/admin/brand/texts", list)
		}
		return s.faceSet(w, r, back, n)
	}
	v, readErr := s.textView(r, l, key, form.Get("q"))
	if readErr != nil {
		return err
	}
	v.Text = form.Get("text")
	return s.again(r, err, PlaceBrand, func(f *FormError) View { v.Error = f; return v })
}
