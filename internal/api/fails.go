package api

// fromWork are the errors that only some calls can give, by the work that these do.
var fromWork = []code{
	{"not_on_yourself", 403, "Nobody can do this to themselves.", "removeUser"},
	{"owners_only", 403, "Only an owner may do this.", "inviteUser updateUser"},
	{"role_too_high", 403, "Only an owner may do this to an owner or administrator.", "updateUser"},
	{"browser_not_found", 404, "There is no such trusted browser.", "endUserBrowser"},
	{"not_found", 404, "There is nothing of that id.", "endUserSessions"},
	{"session_not_found", 404, "There is no such session.", "endUserSession"},
	{"user_not_found", 404, "The account has no such user.", "getUser"},
	{"face_changed", 409, "The account’s look was changed at the same moment. Look again, and repeat the call.", "updateAccount"},
	{"nothing_to_reset", 409, "The person has no second factor.", "resetUser"},
	{"policy_changed_meanwhile", 409, "The policy was changed at the same moment. Look again, and repeat the call.", "updatePolicy"},
	{"so_already", 409, "It is so already; nothing was changed.", "endUserBrowsers"},
	{"user_exists", 409, "The account has a user with this e-mail address.", "inviteUser"},
	{"account_name", 422, "An account’s name has 1 to 80 characters.", "updateAccount"},
	{"brand_colour", 422, "A colour is # and six hexadecimal digits.", "updateAccount"},
	{"email_invalid", 422, "The e-mail address is none.", "inviteUser"},
	{"invalid_cursor", 422, "The cursor is none of this list’s. Begin again without one.", "listUsers"},
	{"issuer_name", 422, "The name for authenticator apps has at most 80 characters, without a colon.", "updateAccount"},
	{"name_invalid", 422, "A name has at most 80 characters.", "inviteUser"},
	{"policy_invalid", 422, "A field of the policy is unknown or has a value that it can’t have.", "updatePolicy"},
	{"reason_needed", 422, "A reason of up to 200 characters is missing.", "issueBackupCode resetUser"},
	{"search_too_long", 422, "A search has at most ten words.", "listUsers"},
	{"support_address", 422, "The support address is neither an e-mail address nor an https:// address.", "updateAccount"},
}
