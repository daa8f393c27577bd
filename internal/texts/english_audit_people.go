package texts

// englishAuditPeople is what the audit log calls administrators' work, and what comes of it.
var englishAuditPeople = Catalogue{
	"audit.action.account.face_changed":         "Appearance changed",
	"audit.action.account.two_factor_reminded":  "Reminder sent",
	"audit.action.users.exported":               "List of users exported",
	"audit.action.user.invited":                 "Person invited",
	"audit.action.user.joined":                  "Invitation accepted",
	"audit.action.user.role_changed":            "Role changed",
	"audit.action.user.removed":                 "Person removed",
	"audit.action.backup_codes.issued":          "Backup code given out",
	"audit.action.two_factor.set_up_mail_asked": "Set-up: mail asked for",

	"audit.says.account.face_changed":         "{actor} changed the organisation’s appearance or wording",
	"audit.says.account.two_factor_reminded":  "{actor} had those without a second factor reminded",
	"audit.says.users.exported":               "{actor} exported the list of users as {format}",
	"audit.says.user.invited":                 "{actor} invited {email}: {role}",
	"audit.says.user.joined":                  "{actor} accepted the invitation",
	"audit.says.user.role_changed":            "{actor} changed the role of {person} from {from} to {to}",
	"audit.says.user.removed":                 "{actor} removed {email}",
	"audit.says.backup_codes.issued":          "{actor} gave out a backup code for {person}",
	"audit.says.two_factor.set_up_mail_asked": "{actor} had a mail sent before the set-up of a second factor",
}
