package texts

// germanGate is what the door says that stands in front of other programs.
var germanGate = Catalogue{
	"gate.refused.title": "Sie können diese Seite nicht öffnen",
	"gate.refused.home":  "Zu Ihrer Anmeldung",
}

// germanGateErrors is what its errors say, by their code.
var germanGateErrors = Catalogue{
	"error.door_account":    "Diese Seite ist nicht für Personen Ihrer Organisation. Wenn Sie sich auch bei einer anderen anmelden können, tun Sie das.",
	"error.door_role":       "Ihre Rolle öffnet diese Seite nicht. Wenden Sie sich an Ihre Administration, wenn Sie sie brauchen.",
	"error.door_origin":     "Die Tür kennt die Website dieser Anfrage nicht. Der Proxy muss sie nennen, in X-Original-URL oder in X-Forwarded-Proto und X-Forwarded-Host, und die Einstellung door_origins muss sie aufführen.",
	"error.door_question":   "Die Tür versteht diese Frage nicht. Sie kennt accounts, level=aal1 oder aal2, roles, max_age und redirect=off, jedes einmal: Sehen Sie in der Konfiguration des Proxys nach.",
	"error.sign_in_too_old": "Diese Seite will, dass Sie sich gerade erst angemeldet haben. Melden Sie sich noch einmal an, um fortzufahren.",
}
