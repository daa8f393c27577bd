package texts

// englishTrust is what is said about trusted browsers: at the code page, by mail, and in the audit log.
var englishTrust = Catalogue{
	"trust.box.one":   "Don’t ask again for 1 day",
	"trust.box.other": "Don’t ask again for {n} days",
	"trust.hint":      "In this browser your password is enough then. A code might still be required if your system environment changes: another browser, operating system or country, or a new password or device.",
	"trust.issued":    "A code that your administrator gave you counts for this one sign-in only.",

	"trust.why.browser": "You asked us not to ask for a code here, but this is another browser than the one you trusted then. So we ask again.",
	"trust.why.system":  "You asked us not to ask for a code here, but the browser says that it runs on another operating system than before. So we ask again.",
	"trust.why.country": "You asked us not to ask for a code here, but this browser is in another country than before, or where it is can’t be told any more. So we ask again.",
	"trust.why.over":    "You asked us not to ask for a code here, but that is over: your time has run out, your password, role or devices were changed, or your organisation’s rules were.",
	"trust.why.used":    "You asked us not to ask for a code here, but what this browser showed us was used before. Somebody may have copied it, so it counts no longer, and neither does any sign-in made with it. If you pressed twice or your connection broke, that was it.",

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
