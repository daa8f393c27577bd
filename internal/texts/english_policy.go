package texts

// englishPolicy is the page on which administrators decide who needs a second factor, and what everybody sees of that.
var englishPolicy = Catalogue{
	"backup.not_used": "Your organisation does not use backup codes. If you lose all your devices, ask your administrator.",

	"mail.two_factor_asked.title":   "Set up two-factor authentication",
	"mail.two_factor_asked.lead":    "{what} You need an authenticator app on your phone, or another way that your organisation allows. Sign in, open the page below and follow its steps; it takes two minutes.",
	"mail.two_factor_asked.grace":   "Your organisation requires a second factor when you sign in. You have none yet. From {time} on you can’t get in without setting one up.",
	"mail.two_factor_asked.now":     "Your organisation requires a second factor when you sign in. You have none yet. At your next sign-in you are asked to set one up.",
	"mail.two_factor_asked.advised": "Your organisation recommends a second factor when you sign in. You have none yet, so whoever learns your password gets in.",
	"mail.link.two_factor_asked":    "Set up two-factor authentication",
	"mail.two_factor_asked.not_you": "Somebody who administers your organisation’s accounts had this sent. If you doubt it, go to the page by your usual way instead of by the link.",
}
