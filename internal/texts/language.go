package texts

import "maps"

// Language names a language as HTML and HTTP do (BCP 47): "en".
type Language string

// The languages there are.
const (
	English Language = "en"
)

// parts are the catalogues as they stand in the files, each about one subject.
var parts = map[Language][]Catalogue{
	English: {englishCommon, englishSignIn, englishSettings, englishProblems},
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
