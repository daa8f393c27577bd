package web

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"

	"sallyport/internal/account"
	"sallyport/internal/brand"
	"sallyport/internal/httpx"
	"sallyport/internal/texts"
	"sallyport/internal/user"
)

// reader is what is known of whoever reads the answer before they are signed in. The handler
// that reads who it is, or of which organisation, fills it in.
type reader struct {
	language string
	account  account.Account // the zero one while it is unknown
	faces    *account.Faces
}

type readerKey struct{}

func readerOf(r *http.Request) *reader {
	half, _ := r.Context().Value(readerKey{}).(*reader)
	return half
}

// readBy notes who reads the answer, in the middle of a sign-in.
func readBy(r *http.Request, u user.User, a account.Account) {
	if half := readerOf(r); half != nil {
		half.language, half.account = u.Language, a
	}
}

// slugOf is the short name that the address names, or that the browser remembers; empty if it can't be one.
func slugOf(r *http.Request) string {
	slug := r.URL.Query().Get("account")
	if slug == "" {
		slug, _ = httpx.ReadCookie(r, httpx.AccountCookie)
	}
	if account.CheckSlug(slug) != nil {
		return ""
	}
	return slug
}

// facing reads the organisation whose door it is, whose face and words the page then has. What is read here only makes the page
// friendlier: without the database it is shown all the same. An unknown short name gives the zero account.
func (s *Site) facing(r *http.Request, slug string) account.Account {
	if account.CheckSlug(slug) != nil {
		return account.Account{}
	}
	a, err := account.BySlug(r.Context(), s.DB, slug)
	if err != nil {
		return account.Account{}
	}
	if half := readerOf(r); half != nil {
		half.account = a
	}
	return a
}

// accountOf is the account whose face the answer has; the zero one while none is known.
func accountOf(r *http.Request) account.Account {
	if who := signed(r); who != nil {
		return who.Account
	}
	if half := readerOf(r); half != nil {
		return half.account
	}
	return account.Account{}
}

// catalogueOf is the texts in the language of the sender, in the account's own words where it has some. If those can't be
// read, the built-in ones say the same.
func catalogueOf(r *http.Request) texts.Catalogue {
	half := readerOf(r)
	if half == nil {
		return texts.In(languageOf(r))
	}
	say, _ := half.faces.Catalogue(r.Context(), accountOf(r), languageOf(r))
	return say
}

// face fills in how the account looks.
func (s *Site) face(r *http.Request, c *Chrome) {
	a := accountOf(r)
	if a.Wording != 0 {
		say := catalogueOf(r)
		c.Wording = &say
	}
	f := a.Face
	if f == (account.Face{}) {
		return
	}
	c.Product = a.Brand(s.Product)
	c.Face = Face{
		Own: f.Shown(), Width: f.Logo.Width, Height: f.Logo.Height, Pale: f.Logo.Pale,
		Sheet: sheetURL(f.Accent), Support: f.Support, SupportLink: account.SupportLink(f.Support),
	}
	if f.Logo.File != "" {
		c.Face.Logo = "/brand/" + f.Logo.File + ".png"
	}
}

// styleOf writes the style sheet of an accent: the variables of static/sallyport.css that differ.
func styleOf(c brand.Colour) string {
	light, dark := brand.Schemes(c)
	return fmt.Sprintf(":root {\n\t--accent: light-dark(%s, %s);\n\t--deep: light-dark(%s, %s);\n\t--on-accent: light-dark(%s, %s);\n\t--wash: light-dark(%s, %s);\n}\n",
		light.Accent, dark.Accent, light.Deep, dark.Deep, light.On, dark.On, light.Wash, dark.Wash)
}

// sheetEdition changes when sheets are written otherwise, as a later version may do, so that browsers ask anew. Yellow is one
// of the colours that are moved.
var sheetEdition = sync.OnceValue(func() string {
	sum := sha256.Sum256([]byte(styleOf(brand.Colour{R: 0xff, G: 0xff})))
	return hex.EncodeToString(sum[:6])
})

// sheetURL is where the style sheet of an accent is; empty without an accent. What it holds depends on nothing but the address.
func sheetURL(accent string) string {
	if accent == "" {
		return ""
	}
	return "/brand/" + strings.TrimPrefix(accent, "#") + "-" + sheetEdition() + ".css"
}

// brandFile serves logos and accents. An address never has another content, so it may be kept for ever; one that names none
// any more, or not yet, is not found.
func (s *Site) brandFile(w http.ResponseWriter, r *http.Request) error {
	file := r.PathValue("file")
	kind, body := "image/png", []byte(nil)
	if name, is := strings.CutSuffix(file, ".png"); is {
		var err error
		if body, err = s.Faces.Logo(r.Context(), name); err != nil {
			return err
		}
	} else {
		accent, _, _ := strings.Cut(file, "-")
		c, err := brand.ParseColour("#" + accent)
		if err != nil || "/brand/"+file != sheetURL(c.String()) {
			return httpx.ErrNoPage
		}
		kind, body = contentType(".css"), []byte(styleOf(c))
	}
	h := w.Header()
	h.Set("Cache-Control", "public, max-age=31536000, immutable")
	h.Set("Content-Type", kind)
	h.Set("Content-Length", strconv.Itoa(len(body)))
	_, err := w.Write(body)
	return err
}
