package texts

// englishTrust is what is said about trusted browsers: at the code page, by mail, and in the audit log.
var englishTrust = Catalogue{
	"trust.box.one":   "Don’t ask again for 1 day",
	"trust.box.other": "Don’t ask again for {n} days",
	"trust.hint":      "A code might still be required if your system environment changes, or your password or devices do.",
	"trust.issued":    "A code that your administrator gave you counts for this one sign-in only.",

	"trust.why.browser": "We ask you again here because this is another browser than the one you trusted.",
	"trust.why.system":  "We ask you again here because your browser runs on another operating system than before.",
	"trust.why.country": "We ask you again here because you are in another country than before, or we can’t tell any more where you are.",
	"trust.why.over":    "We ask you again here because the time you chose is over, or something about your sign-in or your organisation’s rules has changed since.",
	"trust.why.used":    "We ask you again here because what your browser keeps for this was used twice, as if somebody had copied it. We have ended every sign-in that was made with it. If you pressed twice or your connection broke, that was the cause.",

	"audit.kind.trusted_browser": "trusted browser",

	"audit.action.browser.trusted":     "Browser trusted",
	"audit.action.browser.trust_ended": "Trusted browser ended: it is another one now",
	"audit.action.browser.used_twice":  "Trusted browser used twice",
	"audit.action.browser.renamed":     "Trusted browser renamed",
	"audit.action.browser.revoked":     "Trusted browser ended",
	"audit.action.browser.all_revoked": "All trusted browsers ended",

	"audit.says.browser.trusted":          "{actor} is not asked for a code any more in the browser {name}",
	"audit.says.browser.trust_ended":      "The browser {name} of {person} is not trusted any more: its environment changed",
	"audit.says.browser.used_twice":       "The cookie of the trusted browser {name} of {person} was used a second time, so it is not trusted any more",
	"audit.says.browser.renamed":          "{actor} renamed the trusted browser {from} to {to}",
	"audit.says.browser.revoked":          "{actor} ended the trust in the browser {name} of {person}",
	"audit.says.browser.revoked.self":     "{actor} ended the trust in their browser {name}",
	"audit.says.browser.all_revoked":      "{actor} ended the trust in all browsers of {person}",
	"audit.says.browser.all_revoked.self": "{actor} ended the trust in all their browsers",

	"mail.browser_used_twice.title":   "A trusted browser of yours may have been copied",
	"mail.browser_used_twice.lead":    "You had asked not to be asked for a code in one of your browsers. What that browser shows us for it was used twice, which happens when somebody has copied it. We have ended this trust and every sign-in made without a code, so each sign-in needs a code again.",
	"mail.link.browser_used_twice":    "Change your password",
	"mail.browser_used_twice.not_you": "If you pressed the button twice or your connection broke while you signed in, that was it, and there is nothing to do. If not, change your password now: a copy is good for nothing without it.",
}
