package texts

import (
	"maps"
	"strconv"
	"strings"
)

// Language names a language as HTML and HTTP do (BCP 47): "en".
type Language string

// The languages there are. A new one needs its catalogues in parts below.
const (
	English Language = "en"
	German  Language = "de"
)

// Name is what the language calls itself.
func (l Language) Name() string {
	if l == German {
		return "Deutsch"
	}
	return "English"
}

// Languages lists them, the one for everybody else first.
func Languages() []Language { return []Language{English, German} }

// parts are the catalogues as they stand in the files, each about one subject.
var parts = map[Language][]Catalogue{
	English: {englishCommon, englishSignIn, englishSettings, englishProblems, englishSent, englishMail, englishAdmin, englishWayOut, englishAudit, englishAuditPeople, englishBrand, englishPolicy, englishUsers, englishPeople, englishPasskey, englishPasskeyPages, englishTrust, englishBrowsers, englishAPIKeys, englishKeyPages, englishChecks, englishDoor, englishGate},
	German:  {germanCommon, germanSignIn, germanSettings, germanProblems, germanSent, germanMail, germanErrors, germanAdmin, germanWayOut, germanAudit, germanAuditPeople, germanBrand, germanBrandErrors, germanPolicy, germanUsers, germanPeople, germanPasskey, germanPasskeyErrors, germanPasskeyPages, germanTrust, germanTrustErrors, germanBrowsers, germanAPIKeys, germanKeyPages, germanAPIKeysErrors, germanChecks, germanChecksErrors, germanDoor, germanDoorErrors, germanGate, germanGateErrors},
}

// catalogues are the parts of each language, joined when the program starts.
var catalogues = joined()

func joined() map[Language]Catalogue {
	all := make(map[Language]Catalogue, len(parts))
	for language, subjects := range parts {
		c := Catalogue{}
		for _, subject := range subjects {
			maps.Copy(c, subject)
		}
		all[language] = c
	}
	return all
}

// In gives the catalogue of a language, and the English one for a language that is not spoken here.
func In(l Language) Catalogue {
	if c, spoken := catalogues[l]; spoken {
		return c
	}
	return catalogues[English]
}

// Match chooses the language for somebody with these wishes, the most important first. A wish
// is a list as in the header Accept-Language (RFC 9110, section 12.5.4), of which one language is
// the simplest case; the first wish that names a language spoken here decides. Otherwise it is English.
func Match(wishes ...string) Language {
	for _, list := range wishes {
		if l, spoken := best(list); spoken {
			return l
		}
	}
	return English
}

// maxWish is the longest list that is read, in bytes. Browsers send less than a hundred.
const maxWish = 1000

// best gives the language of the list with the highest weight, the earlier of two alike. What
// is malformed is passed over: nobody can correct their browser's header.
func best(list string) (language Language, spoken bool) {
	if len(list) > maxWish {
		return "", false
	}
	top := 0.0
	for wish := range strings.SplitSeq(list, ",") {
		tag, parameter, weighted := strings.Cut(wish, ";")
		weight := 1.0
		if weighted {
			weight = quality(parameter)
		}
		if l := lookup(tag); l != "" && weight > top {
			language, top = l, weight
		}
	}
	return language, top > 0
}

// quality reads "q=0.8". What is not above zero is not wanted, or not readable.
func quality(parameter string) float64 {
	name, value, _ := strings.Cut(strings.TrimSpace(parameter), "=")
	q, err := strconv.ParseFloat(value, 64)
	if err != nil || q > 1 || !strings.EqualFold(name, "q") {
		return 0
	}
	return q
}

// lookup finds the language of a tag by its first part, so that "de-AT" is German (RFC 4647,
// section 3.4). "*", any language, is the one for everybody else. Empty means it is not spoken here.
func lookup(tag string) Language {
	tag, _, _ = strings.Cut(strings.TrimSpace(tag), "-")
	for _, l := range Languages() {
		if tag == "*" || strings.EqualFold(tag, string(l)) {
			return l
		}
	}
	return ""
}
