package web

import "sallyport/internal/texts"

// sampleFace is a look of its own. Its logo is drawn by nobody: what is shown in its place is the name.
var sampleFace = Face{
	Own: true, Logo: "/brand/00112233445566778899aabbccddeeff.png", Width: 240, Height: 80, Sheet: sheetURL("#b3005e"),
	Support: "help@acme.test", SupportLink: "mailto:help@acme.test",
}

// brandSamples are the pages about an organisation's look, and others that have one.
func brandSamples(boss, member, outside Chrome) []sample {
	boss.Place = PlaceBrand
	faced := func(c Chrome, f Face) Chrome { c.Product, c.Face = "Acme", f; return c }
	named := sampleFace
	named.Logo = ""
	pale := sampleFace
	pale.Pale = true
	own := Appearance{
		Product: "Sallyport", Name: "Acme", Accent: "#ffff00", Support: "help@acme.test", Issuer: "Acme VPN", Chosen: "#ffff00",
		Light: Swatch{"#6c6c00", "#ffffff", "#ffffff", true}, Dark: Swatch{"#ffff00", "#0f1416", "#171d20", false}, Logo: sampleFace,
	}
	change := func(do func(*Appearance)) Appearance { v := own; do(&v); return v }
	first := Appearance{Product: "Sallyport", Name: "Acme"}
	text := TextForm{
		WordedText: WordedText{Key: "verify.open_device", Default: texts.In(texts.English)["verify.open_device"], Own: "Take the code from “{device}”."},
		Language:   "en", Query: "device", Text: "Take the code from “{device}”.", Places: []string{"{device}"},
	}
	lost := text
	lost.Text, lost.Error = "Take the code.", &FormError{Field: "text", Message: "The text must hold these places, each as often as the default text does, and no other braces: {device}", Code: "text_places"}
	plain, shut := text, text
	plain.WordedText, plain.Text, plain.Places, plain.Query = WordedText{Key: "verify.button", Default: "Verify"}, "Verify", nil, ""
	shut.Locked = true
	return []sample{
		{"brand", boss, first},
		{"brand-locked", boss, change(func(v *Appearance) { v.Locked = true })},
		{"brand-own", faced(boss, sampleFace), own},
		{"brand-saved", faced(Chrome{Product: "Acme", Account: "Acme", Person: boss.Person, Place: PlaceBrand, Notice: NoticeFaceSet}, named), change(func(v *Appearance) { v.Logo = Face{} })},
		{"brand-wrong", boss, Appearance{Product: "Sallyport", Name: "Acme", Accent: "red", Error: &FormError{Field: "accent", Message: "Write the colour as # and six digits or letters from a to f, as in #0b5a68.", Code: "brand_colour"}}},
		{"brand-wrong-logo", boss, Appearance{Product: "Sallyport", Name: "Acme", Error: &FormError{Field: "logo", Message: "SVG pictures can hold scripts, so they are not taken. Save it as PNG and choose that file.", Code: "brand_picture_svg"}}},
		{"texts", boss, Wording{Language: "en", Query: "verify", Found: 200, Owned: 1, Texts: []WordedText{
			{"verify.button", "Verify", "Submit"}, {"verify.open_device", "Open “{device}” <now> & read the code.", ""}, {"verify.a_key_that_is_much_longer_than_a_telephone_is_wide", "Text", ""},
		}}},
		{"texts-none", boss, Wording{Language: "de", Query: `"<b>`, Own: true}},
		{"text", boss, text},
		{"text-first", boss, plain},
		{"text-wrong", boss, lost},
		{"text-locked", boss, shut},
		{"faced-signin", faced(outside, sampleFace), SignIn{Account: "acme", AccountName: "Acme"}},
		{"faced-signin-named", faced(outside, named), SignIn{Account: "acme", AccountName: "Acme"}},
		{"faced-signin-pale", faced(outside, pale), SignIn{Account: "acme", AccountName: "Acme"}},
		{"faced-problem", faced(member, sampleFace), Problem{Status: 404, Code: "not_found", Reference: "req_1"}},
		{"faced-two-factor", faced(member, named), TwoFactor{}},
	}
}
