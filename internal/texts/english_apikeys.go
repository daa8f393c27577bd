package texts

// englishAPIKeys is what is said about API keys by mail and in the audit log, and about them in the rules.
var englishAPIKeys = Catalogue{
	"mail.fact.key": "API key",

	"mail.api_key_made.title":                    "You have a new API key",
	"mail.api_key_made.lead":                     "A key was made with which a program can do what you may, in your name.",
	"mail.link.api_key_made":                     "Look at your API keys",
	"mail.api_key_made.not_you":                  "If it wasn’t you, remove the key now, change your password, and tell your administrator.",
	"mail.api_key_removed.title":                 "An API key of yours was removed",
	"mail.api_key_removed.lead":                  "The program that used it can’t do anything in your name any more.",
	"mail.link.api_key_removed":                  "Look at your API keys",
	"mail.api_key_removed.not_you":               "If it wasn’t you, ask your administrator.",
	"mail.api_key_second_factor_changed.title":   "The second factor of an API key changed",
	"mail.api_key_second_factor_changed.lead":    "Its own device, or the public key that its calls are signed with, was added, replaced or removed.",
	"mail.link.api_key_second_factor_changed":    "Look at your API keys",
	"mail.api_key_second_factor_changed.not_you": "If it wasn’t you, remove the key now, change your password, and tell your administrator.",
	"mail.api_key_locked.title":                  "The device of an API key is locked",
	"mail.api_key_locked.lead":                   "A hundred wrong codes in a row came with this key. Your own sign-in is not affected. The key works again with a new device.",
	"mail.link.api_key_locked":                   "Look at your API keys",
	"mail.api_key_locked.not_you":                "If your program did not send them, somebody else has the key: remove it.",
	"mail.api_keys_ended.title":                  "Your API keys were ended",
	"mail.api_keys_ended.lead":                   "Programs that used them can’t do anything in your name any more.",
	"mail.link.api_keys_ended":                   "Look at your API keys",
	"mail.api_keys_ended.not_you":                "If you don’t know why, ask your administrator.",

	"audit.group.api_keys":                       "API keys",
	"audit.action.api_key.made":                  "API key made",
	"audit.action.api_key.removed":               "API key removed",
	"audit.action.api_key.all_ended":             "All API keys ended",
	"audit.action.api_key.second_factor_changed": "API key: second factor changed",
	"audit.action.api_key.refused":               "API key refused",
	"audit.action.api_key.token_issued":          "Access token issued",

	"audit.says.api_key.made":                       "{actor} made the API key {name} for {person}",
	"audit.says.api_key.made.self":                  "{actor} made the API key {name}",
	"audit.says.api_key.removed":                    "{actor} removed the API key {name} of {person}",
	"audit.says.api_key.removed.self":               "{actor} removed their API key {name}",
	"audit.says.api_key.all_ended":                  "{actor} ended the API keys of {person}",
	"audit.says.api_key.second_factor_changed":      "The second factor of the API key {name} of {person} was changed",
	"audit.says.api_key.second_factor_changed.self": "{actor} changed the second factor of their API key {name}",
	"audit.says.api_key.refused":                    "A call with the API key {name} of {person} was refused",
	"audit.says.api_key.token_issued":               "An access token was issued for the API key {name} of {person}",

	"policy.programs":              "Programs",
	"policy.api_second_factor":     "API keys need a second factor",
	"policy.api_second_factor_why": "If yes, an API key of somebody who has a second factor, or must have one, is worth nothing alone: the program proves a second factor of the key’s own. If no, only keys that have one do. Administrators’ work needs one in any case, and so does adding or removing a second factor of somebody who has one. Default: yes.",
}
