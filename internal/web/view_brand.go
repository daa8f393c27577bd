package web

// Appearance is /admin/brand: how the organisation looks to its people (A17). The forms post to it and to
// /admin/brand/logo.
type Appearance struct {
	Product string // the product's own name
	Name    string // of the form, like the next three
	Accent  string
	Support string
	Issuer  string
	Chosen  string // the accent that is stored
	Light   Swatch // what is shown of it
	Dark    Swatch
	Logo    Face // what is stored
	Locked  bool // signed in without a second factor: there is nothing to press
	Error   *FormError
}

func (Appearance) page() string   { return "appearance" }
func (Appearance) onCard() bool   { return false }
func (v Appearance) failed() bool { return v.Error != nil }

// Swatch is a colour with what lies around it.
type Swatch struct {
	Colour string // "#0b5a68"
	On     string // of text on it
	Page   string // behind it
	Moved  bool   // it is not the one that was chosen
}

// Wording is /admin/brand/texts: all texts, or those sought (K19).
type Wording struct {
	Language string // of the texts
	Query    string // what is sought
	Own      bool   // only the organisation's own
	Found    int
	Owned    int // own ones in this language
	Texts    []WordedText
}

func (Wording) page() string { return "texts" }
func (Wording) onCard() bool { return false }
func (Wording) failed() bool { return false }

// More reports whether only the first texts are listed.
func (v Wording) More() bool { return v.Found > len(v.Texts) }

// WordedText is a text as the catalogue has it, and as the organisation words it.
type WordedText struct {
	Key     string
	Default string
	Own     string // empty for none
}

// TextForm is /admin/brand/text: one text. It posts language, key, q, text, and reset to restore the default one.
type TextForm struct {
	WordedText
	Language string
	Query    string   // of the list one came from
	Text     string   // of the form
	Places   []string // that it must hold
	Locked   bool     // as in Appearance
	Error    *FormError
}

func (TextForm) page() string   { return "text" }
func (TextForm) onCard() bool   { return false }
func (v TextForm) failed() bool { return v.Error != nil }
