package user

import (
	"slices"
	"strings"
	"unicode"

	"sallyport/internal/account"
)

// accents lists the letters that are sought by the plain letters which begin their line.
var accents = []string{
	"aàáâãäåāăąǎ", "cçćĉċč", "dďđð", "eèéêëēĕėęě", "gĝğġģ", "hĥħ", "iìíîïĩīĭįı", "jĵ", "kķ", "lĺļľŀł", "nñńņňŉ",
	"oòóôõöøōŏőơ", "rŕŗř", "sśŝşšș", "tţťŧț", "uùúûüũūŭůűųư", "wŵ", "yýÿŷ", "zźżž",
}

// folded writes a text in small letters without accents: "Müller" is "muller".
func folded(s string) string { return fold.Replace(strings.ToLower(s)) }

var fold = folding()

func folding() *strings.Replacer {
	pairs := []string{"ß", "ss", "æ", "ae", "œ", "oe", "þ", "th", "'", "", "’", ""} // O'Neil is one word, with the apostrophe or without
	for _, line := range accents {
		letters := []rune(line)
		for _, accented := range letters[1:] {
			pairs = append(pairs, string(accented), string(letters[:1]))
		}
	}
	return strings.NewReplacer(pairs...)
}

// split cuts a text into its words: runs of letters and digits. Everything else only parts them.
func split(s string) []string {
	bare := strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Mn, r) { // an accent that follows its letter
			return -1
		}
		return r
	}, s)
	return strings.FieldsFunc(bare, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
}

// wordsOf lists the words by which somebody is found, each once. Müller is found as "muller", which is what those type
// who search, accents or not, and as "mueller", which is how others write the name.
func wordsOf(email, name string) []string {
	both := email + " " + name
	all := slices.Concat(split(folded(both)), split(folded(account.Spell(both))))
	slices.Sort(all)
	return slices.Compact(all)
}

// calledOf is what somebody is sorted by among the names: the name, or without one the address.
func calledOf(email, name string) string {
	if called := strings.Join(split(folded(name)), " "); called != "" {
		return called
	}
	return folded(email)
}
