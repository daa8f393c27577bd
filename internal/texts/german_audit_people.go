package texts

// germanAuditPeople is englishAuditPeople in German.
var germanAuditPeople = Catalogue{
	"audit.action.account.face_changed":         "Erscheinungsbild geändert",
	"audit.action.account.two_factor_reminded":  "Erinnerung verschickt",
	"audit.action.users.exported":               "Benutzerliste exportiert",
	"audit.action.user.invited":                 "Person eingeladen",
	"audit.action.user.joined":                  "Einladung angenommen",
	"audit.action.user.role_changed":            "Rolle geändert",
	"audit.action.user.removed":                 "Person entfernt",
	"audit.action.backup_codes.issued":          "Backup-Code ausgegeben",
	"audit.action.two_factor.set_up_mail_asked": "Einrichtung: E-Mail verlangt",

	"audit.says.account.face_changed":         "{actor} hat das Erscheinungsbild oder die Texte der Organisation geändert",
	"audit.says.account.two_factor_reminded":  "{actor} hat alle ohne zweiten Faktor erinnern lassen",
	"audit.says.users.exported":               "{actor} hat die Benutzerliste als {format} exportiert",
	"audit.says.user.invited":                 "{actor} hat {email} eingeladen: {role}",
	"audit.says.user.joined":                  "{actor} hat die Einladung angenommen",
	"audit.says.user.role_changed":            "{actor} hat die Rolle von {person} geändert, von {from} auf {to}",
	"audit.says.user.removed":                 "{actor} hat {email} entfernt",
	"audit.says.backup_codes.issued":          "{actor} hat einen Backup-Code für {person} ausgegeben",
	"audit.says.two_factor.set_up_mail_asked": "{actor} hat vor dem Einrichten eines zweiten Faktors eine E-Mail verlangt",
}
